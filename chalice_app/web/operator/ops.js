/** The operator's page: START HERE. Asks for the stage's state every few seconds, and shows it. */
import { asApiError, getLanguages, getStageState } from "./api.js";
import { keep, recall } from "./browser-storage.js";
import { $ } from "./elements.js";
import { Alarms } from "./ops-alarms.js";
import { Charts } from "./ops-charts.js";
import { Sessions } from "./ops-sessions.js";
import { backoffMs } from "./pauses.js";

const REFRESH_MS = 5000;
const KEY = "operator";
const STATES = { connecting: "Connecting…", live: "Live", waiting: "Reconnecting…", paused: "Paused" };

let token = recall(KEY, "sessionStorage") ?? "";
let attempt = 0;
let timer = 0;
let paused = false;

/** Kept by this tab alone. @param {string} value "" forgets the token */
function holdToken(value) {
  token = value;
  keep(KEY, value, "sessionStorage");
}

/** @param {keyof typeof STATES} state */
function show(state) {
  $("state").dataset.state = state;
  $("state-text").textContent = STATES[state];
}

/** @param {string} text */
function notice(text) {
  if ($("notice-text").textContent === text) return;
  $("notice-text").textContent = text;
  $("notice").hidden = !text;
}

async function refresh() {
  clearTimeout(timer);
  try {
    const state = await getStageState(token);
    // Paused while the answer was on its way: the page stays as it is read.
    if (paused) return;
    attempt = 0;
    enter(state);
    timer = setTimeout(refresh, REFRESH_MS);
  } catch (error) {
    const { status } = asApiError(error);
    if (status === 401 || status === 404) {
      askForToken(status);
      return;
    }
    if (paused) return;
    show("waiting");
    showView();
    notice("The stage does not answer. What you see is as of the time above. This page keeps trying.");
    timer = setTimeout(refresh, REFRESH_MS / 2 + backoffMs(attempt++));
  }
}

/** @param {StageState} state */
function enter(state) {
  showView();
  show("live");
  $("leave").hidden = !token;
  $("stage").textContent = state.stage;
  document.title = `${state.stage} · Operator’s view`;
  const at = new Date(state.at);
  $("as-of").dateTime = at.toISOString();
  $("as-of").textContent = at.toLocaleTimeString("en-GB");
  sessions.show(state);
  const measured = state.measurements;
  notice(measured ? "" : "CloudWatch does not answer. Sessions are up to date; alarms and charts are not.");
  if (measured) {
    alarms.show(measured.alarms, state.at);
    charts.show(measured);
  }
}

function showView() {
  $("door").hidden = true;
  $("view").hidden = false;
}

/** @param {number} status 401: the token is missing or wrong; 404: the stage has no operator's view */
function askForToken(status) {
  const isWrong = token !== "";
  holdToken("");
  $("view").hidden = true;
  $("door").hidden = false;
  $("token").focus();
  if (status === 404) $("token-problem").textContent = "This stage has no operator’s view any more.";
  else $("token-problem").textContent = isWrong ? "That is not this stage’s token." : "";
}

function togglePause() {
  paused = !paused;
  $("pause").setAttribute("aria-pressed", String(paused));
  $("pause").textContent = paused ? "Go on" : "Pause";
  if (paused) {
    clearTimeout(timer);
    show("paused");
  } else refresh();
}

$("enter").addEventListener("submit", (event) => {
  event.preventDefault();
  const typed = $("token").value.trim();
  $("token").value = "";
  $("token-problem").textContent = "";
  holdToken(typed);
  // A token has visible ASCII alone, and so has a header.
  if (/[^\x21-\x7e]/.test(typed)) askForToken(401);
  else refresh();
});
$("pause").addEventListener("click", togglePause);
$("leave").addEventListener("click", () => {
  clearTimeout(timer);
  holdToken("");
  location.reload();
});
document.addEventListener("visibilitychange", () => {
  if ($("view").hidden || paused) return;
  // A hidden page does not ask.
  if (document.hidden) clearTimeout(timer);
  else refresh();
});

// Without the languages' names the page shows their codes.
const languages = await getLanguages().catch(() => []);
const alarms = new Alarms();
const charts = new Charts();
const sessions = new Sessions(languages);
await refresh();
