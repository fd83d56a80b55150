/** The speaker's page: START HERE. Opens a session, or goes on with the one of this tab. */
import { getLanguages, howIs, openSession, root, sessionName } from "./api.js";
import { openConsole } from "./console.js";
import { fillSelect } from "./languages.js";
import { backOff } from "./line.js";
import { bestLanguage } from "./matching.js";
import { wireThemes } from "./settings.js";

const $ = (id) => document.getElementById(id);
const KEPT = "speaker";

let languages = [];

/** @typedef {{sessionId: string, speakerToken: string, sourceLanguage: string, webSocketUrl: string, joinCode?: string}} Held */

/** This tab's session, so that a reload goes on. @returns {Held | null} */
function held() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT));
  } catch {
    return null;
  }
}

function hold(session) {
  try {
    if (session) sessionStorage.setItem(KEPT, JSON.stringify(session));
    else sessionStorage.removeItem(KEPT);
  } catch {
    // Storage is off: the session lasts until the page is reloaded.
  }
}

function showOnly(id) {
  for (const each of ["start", "console", "over"]) $(each).hidden = each !== id;
}

async function open(event) {
  event.preventDefault();
  $("open-button").disabled = true;
  $("open-problem").textContent = "";
  try {
    const joinCode = $("join-code").value.trim();
    const session = { ...(await openSession($("source").value, joinCode)), joinCode };
    hold(session);
    speak(session);
  } catch (error) {
    $("open-problem").textContent = problem(error);
  }
  $("open-button").disabled = false;
}

function problem({ status, code, retryAfterMs }) {
  if (status === 0) return "The server does not answer. Check your connection and try again.";
  if (code === "UNSUPPORTED_LANGUAGE") return "This language cannot be spoken right now.";
  if (status === 400) return "The code must have 4 to 64 characters.";
  if (status === 429) {
    const minutes = Math.ceil(retryAfterMs / 60_000);
    return `Too many sessions have been opened from here. Try again in ${minutes === 1 ? "a minute" : `${minutes} minutes`}.`;
  }
  if (status === 401) return "Sessions are opened by invitation here: this page cannot open one.";
  return "The session could not be opened. Try again in a moment.";
}

function speak(session) {
  showOnly("console");
  openConsole(session, languages, over);
}

const ENDINGS = {
  ended: ["The session has ended", "Everyone has been told. Its name and its link no longer work."],
  missing: ["The session is over", "It does not exist any more: sessions last twelve hours."],
};

function over(why) {
  hold(null);
  const [title, text] = ENDINGS[why] ?? ENDINGS.ended;
  $("over-title").textContent = title;
  $("over-text").textContent = text;
  showOnly("over");
  $("again").focus();
}

/** Asks until the server answers: nothing can begin without its languages. */
async function loadLanguages(attempt = 0) {
  try {
    return await getLanguages();
  } catch (error) {
    $("open-problem").textContent = problem(error);
    await new Promise((resolve) => setTimeout(resolve, backOff(attempt)));
    return loadLanguages(attempt + 1);
  }
}

async function start() {
  const session = held();
  if (!session) showOnly("start");
  languages = await loadLanguages();
  if (session) {
    const state = await howIs(session.sessionId, { token: session.speakerToken });
    if (state === "missing" || state === "ended") over(state);
    else speak(session);
    return;
  }
  const codes = languages.map(({ code }) => code);
  const source = bestLanguage(navigator.languages, codes) ?? codes[0];
  fillSelect($("source"), languages, source, "");
  $("open-problem").textContent = "";
  $("open-button").disabled = false;
}

wireThemes();
$("open").addEventListener("submit", open);
$("join").addEventListener("submit", (event) => {
  event.preventDefault();
  location.assign(new URL(`s/${encodeURIComponent(sessionName($("join-name").value))}`, root));
});
$("again").addEventListener("click", () => location.reload());
await start();
