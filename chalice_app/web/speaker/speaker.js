/** The speaker's page: START HERE. Opens a session, or continues this tab's or this browser's. */
import { asApiError, getJoinState, getLanguages, root, sessionName } from "./api.js";
import { openConsole } from "./console.js";
import { $ } from "./elements.js";
import { bestLanguage } from "./language-matching.js";
import { fillSelect } from "./languages.js";
import { backoffMs } from "./pauses.js";
import { openSession } from "./speaker-api.js";
import { DEFAULT_RETENTION_HOURS, endedSessions, forgetSession, storedSession, storeEnded, storeSession } from "./stored-session.js";

/** The stage's own retention, in hours: what it keeps without being asked. */
const RETENTION = String(DEFAULT_RETENTION_HOURS);

/** @type {Language[]} */
let languages = [];

/** On a stage whose speakers sign in. */
const signIn = document.querySelector("meta[name=sign-in]") ? await import("./sign-in.js") : null;

/** @param {"start" | "console" | "over"} id */
function showOnly(id) {
  for (const each of [$("start"), $("console"), $("over")]) each.hidden = each.id !== id;
}

/** @param {Event} event */
function open(event) {
  event.preventDefault();
  tryOpen(wantedSession());
}

/** @returns {WantedSession} */
function wantedSession() {
  const profanity = $("mask").checked ? "mask" : "";
  const joinCode = $("join-code").value.trim();
  const kept = { ...($("retention").value !== RETENTION && { retentionHours: Number($("retention").value) }) };
  const transcript = $("transcript").value === "everyone" ? "everyone" : "";
  return { sourceLanguage: $("source").value, joinCode, profanity, formality: $("formality").value, ...kept, transcript };
}

/** @param {WantedSession} wanted @param {() => Promise<void>} signedIn waits for what must come before */
async function tryOpen(wanted, signedIn = async () => {}) {
  $("open-button").disabled = true;
  $("open-problem").textContent = "";
  try {
    await signedIn();
    const token = await signIn?.speakersToken(wanted);
    if (token !== "") {
      const { joinCode, retentionHours } = wanted;
      speak({ ...(await openSession(wanted, token)), joinCode, ...(retentionHours !== undefined && { retentionHours }) });
    }
  } catch (error) {
    $("open-problem").textContent = problem(error);
  }
  $("open-button").disabled = false;
}

/** Goes on where the person left to sign in. @param {SignInAnswer} answer */
async function goOnSignedIn({ wanted, finished }) {
  if (wanted) {
    $("source").value = wanted.sourceLanguage;
    $("join-code").value = wanted.joinCode;
    $("mask").checked = wanted.profanity === "mask";
    $("formality").value = wanted.formality;
    $("retention").value = String(wanted.retentionHours ?? RETENTION);
    $("transcript").value = wanted.transcript;
  }
  await tryOpen(wantedSession(), finished);
}

/** @param {unknown} error */
function problem(error) {
  if (error instanceof Error && error.name === "SignInError") return error.message;
  const { status, code, retryAfterMs } = asApiError(error);
  if (status === 401 && signIn) {
    signIn.forgetToken();
    return signIn.NOT_ACCEPTED;
  }
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

/** @param {HeldSession} session */
function speak(session) {
  storeSession(session);
  loadRemains();
  showOnly("console");
  openConsole(session, languages, (why) => over(session, why));
}

/** Offers the browser's last session. Where another tab still speaks in it, that tab is displaced. */
async function offerToContinue() {
  const session = storedSession("localStorage");
  if (!session) return;
  const state = await stateOf(session);
  if (isOver(state)) {
    forgetSession(session);
    storeEnded(session);
    showEnded();
  }
  $("go-on").hidden = state !== "open" && state !== "full";
  $("go-on-name").textContent = session.sessionId;
  $("go-on").addEventListener("click", () => speak(session));
}

/** @param {HeldSession} session */
function stateOf({ sessionId, speakerToken }) {
  return getJoinState(sessionId, { token: speakerToken });
}

/** @param {JoinState} state */
function isOver(state) {
  return state === "missing" || state === "ended";
}

/** @param {HeldSession} session @param {string} why "missing", "purged", or any other end */
function over(session, why) {
  forgetSession(session);
  if (why !== "purged") storeEnded(session);
  const isMissing = why === "missing";
  $("over-title").textContent = isMissing ? "The session is over" : "The session has ended";
  $("over-text").textContent = isMissing
    ? "It does not exist any more: sessions last twelve hours."
    : "The listeners have been notified. Its name and its link no longer work.";
  showOnly("over");
  $("again").focus();
  remains?.then((it) => it.showOver(session, languages, why), () => {});
}

/** Loaded while the server answers: at the end of a session it may not. @type {Promise<typeof import("./over.js")> | undefined} */
let remains;

function loadRemains() {
  remains ??= import("./over.js");
  remains.catch(() => (remains = undefined));
}

/** What remains of former sessions. */
function showEnded() {
  if (!endedSessions().length) return;
  loadRemains();
  remains?.then((it) => it.showEndedSessions(languages, () => showOnly("over")), () => {});
}

/** Asks until the server answers: the page needs the languages. @returns {Promise<Language[]>} */
async function loadLanguages(attempt = 0) {
  try {
    return await getLanguages();
  } catch (error) {
    $("open-problem").textContent = problem(error);
    await new Promise((resolve) => setTimeout(resolve, backoffMs(attempt)));
    return loadLanguages(attempt + 1);
  }
}

async function start() {
  const session = storedSession("sessionStorage");
  const answer = signIn?.takeAnswer();
  if (!session) showOnly("start");
  languages = await loadLanguages();
  if (session) {
    const state = await stateOf(session);
    loadRemains();
    if (isOver(state)) over(session, state);
    else speak(session);
    return;
  }
  const codes = languages.map(({ code }) => code);
  const source = bestLanguage(navigator.languages, codes) ?? codes[0] ?? "";
  fillSelect($("source"), languages, source, "");
  $("open-problem").textContent = "";
  $("open-button").disabled = false;
  if (answer) await goOnSignedIn(answer);
  showEnded();
  if (!$("start").hidden) await offerToContinue();
}

$("open").addEventListener("submit", open);
$("join").addEventListener("submit", (event) => {
  event.preventDefault();
  location.assign(new URL(`s/${encodeURIComponent(sessionName($("join-name").value))}`, root));
});
$("again").addEventListener("click", () => location.reload());
await start();
