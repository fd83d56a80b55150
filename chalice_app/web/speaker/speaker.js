/** The speaker's page: START HERE. Opens a session, or goes on with this tab's or this browser's. */
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

/**
 * A tab's own session, so that a reload goes on; or the browser's last one, so that a tab closed by
 * mistake does not lose the talk.
 * @param {"sessionStorage" | "localStorage"} storage @returns {Held | null}
 */
function held(storage) {
  try {
    return JSON.parse(window[storage].getItem(KEPT));
  } catch {
    return null;
  }
}

function hold(session) {
  try {
    for (const storage of [sessionStorage, localStorage]) storage.setItem(KEPT, JSON.stringify(session));
  } catch {
    // Storage is off: the session lasts until the page is reloaded.
  }
}

/** Its token opens nothing any more; the browser may hold a later one. */
function forget({ sessionId }) {
  for (const storage of ["sessionStorage", "localStorage"]) {
    if (held(storage)?.sessionId === sessionId) window[storage].removeItem(KEPT);
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
  hold(session);
  showOnly("console");
  openConsole(session, languages, (why) => over(session, why));
}

/** A running talk of a tab that is gone; where one still speaks, it is told, as ever. */
async function offerToGoOn() {
  const session = held("localStorage");
  if (!session) return;
  const state = await stateOf(session);
  if (state === "missing" || state === "ended") forget(session);
  $("go-on").hidden = state !== "open" && state !== "full";
  $("go-on-name").textContent = session.sessionId;
  $("go-on").addEventListener("click", () => speak(session));
}

function stateOf({ sessionId, speakerToken }) {
  return howIs(sessionId, { token: speakerToken });
}

const ENDINGS = {
  ended: ["The session has ended", "Everyone has been told. Its name and its link no longer work."],
  missing: ["The session is over", "It does not exist any more: sessions last twelve hours."],
};

function over(session, why) {
  forget(session);
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
  const session = held("sessionStorage");
  if (!session) showOnly("start");
  languages = await loadLanguages();
  if (session) {
    const state = await stateOf(session);
    if (state === "missing" || state === "ended") over(session, state);
    else speak(session);
    return;
  }
  const codes = languages.map(({ code }) => code);
  const source = bestLanguage(navigator.languages, codes) ?? codes[0];
  fillSelect($("source"), languages, source, "");
  $("open-problem").textContent = "";
  $("open-button").disabled = false;
  await offerToGoOn();
}

wireThemes();
$("open").addEventListener("submit", open);
$("join").addEventListener("submit", (event) => {
  event.preventDefault();
  location.assign(new URL(`s/${encodeURIComponent(sessionName($("join-name").value))}`, root));
});
$("again").addEventListener("click", () => location.reload());
await start();
