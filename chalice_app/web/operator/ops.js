/** The operator's page: START HERE. Asks how the stage is, every few seconds, and shows it. */
import { getLanguages, getStageState } from "./api.js";
import { backOff } from "./line.js";
import { Alarms } from "./ops-alarms.js";
import { Charts } from "./ops-charts.js";
import { Sessions } from "./ops-sessions.js";
import { wireThemes } from "./settings.js";

const LOOK_MS = 5000;
const KEPT = "operator";
const STATES = { connecting: "Connecting…", live: "Live", waiting: "Reconnecting…", paused: "Paused" };
const $ = (id) => document.getElementById(id);

let alarms, charts, sessions;
let token = recallToken();
let attempt = 0;
let timer = 0;
let paused = false;

function recallToken() {
  try {
    return sessionStorage.getItem(KEPT) ?? "";
  } catch {
    return "";
  }
}

function holdToken(value) {
  token = value;
  try {
    if (value) sessionStorage.setItem(KEPT, value);
    else sessionStorage.removeItem(KEPT);
  } catch {
    // Storage is off: the token is asked for again after a reload.
  }
}

function show(state) {
  $("state").dataset.state = state;
  $("state-text").textContent = STATES[state];
}

function notice(text) {
  if ($("notice-text").textContent === text) return;
  $("notice-text").textContent = text;
  $("notice").hidden = !text;
}

async function look() {
  clearTimeout(timer);
  try {
    const state = await getStageState(token);
    // Paused while the answer was on its way: what is being read stays.
    if (paused) return;
    attempt = 0;
    enter(state);
    timer = setTimeout(look, LOOK_MS);
  } catch (error) {
    if (error.status === 401 || error.status === 404) {
      askForToken(error.status);
      return;
    }
    if (paused) return;
    show("waiting");
    showView();
    notice("The stage does not answer. What you see is as of the time above; it keeps trying.");
    timer = setTimeout(look, LOOK_MS / 2 + backOff(attempt++));
  }
}

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
  notice(measured ? "" : "CloudWatch does not answer: alarms and charts are not up to date. Sessions are.");
  if (measured) {
    alarms.show(measured.alarms, state.at);
    charts.show(measured);
  }
}

function showView() {
  $("door").hidden = true;
  $("view").hidden = false;
}

function askForToken(status) {
  const wrong = token !== "";
  holdToken("");
  $("view").hidden = true;
  $("door").hidden = false;
  $("token").focus();
  if (status === 404) $("token-problem").textContent = "This stage has no operator’s view any more.";
  else $("token-problem").textContent = wrong ? "That is not this stage’s token." : "";
}

function togglePause() {
  paused = !paused;
  $("pause").setAttribute("aria-pressed", String(paused));
  $("pause").textContent = paused ? "Go on" : "Pause";
  if (paused) {
    clearTimeout(timer);
    show("paused");
  } else look();
}

wireThemes();
$("enter").addEventListener("submit", (event) => {
  event.preventDefault();
  const typed = $("token").value.trim();
  $("token").value = "";
  $("token-problem").textContent = "";
  holdToken(typed);
  // No header holds anything else, and no token either.
  if (/[^\x21-\x7e]/.test(typed)) askForToken(401);
  else look();
});
$("pause").addEventListener("click", togglePause);
$("leave").addEventListener("click", () => {
  clearTimeout(timer);
  holdToken("");
  location.reload();
});
document.addEventListener("visibilitychange", () => {
  if ($("view").hidden || paused) return;
  // Nobody looks: nothing is asked.
  if (document.hidden) clearTimeout(timer);
  else look();
});

// Without their names languages are called by their codes: no reason to show nothing.
const languages = await getLanguages().catch(() => []);
alarms = new Alarms($("alarms"), $("verdict"));
charts = new Charts($("charts"), $("minutes"));
sessions = new Sessions($("sessions"), languages);
await look();
