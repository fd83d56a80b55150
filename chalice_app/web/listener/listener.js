/** The listener's page: START HERE. Joins a session in one language and shows its captions. */
import { asApiError, codeOfLink, getJoinState, getLanguages, getSession, sessionName, socketAddress, webSocketUrl } from "./api.js";
import { keep, recall } from "./browser-storage.js";
import { CaptionList } from "./caption-list.js";
import { CaptionOrder } from "./caption-order.js";
import { $ } from "./elements.js";
import { showJoinForm, wireJoinForm } from "./join-form.js";
import { bestLanguage } from "./language-matching.js";
import { directionOf, fillSelect, labelled, languageButtons } from "./languages.js";
import { localize, word } from "./localization.js";
import { ReadAloud } from "./read-aloud.js";
import { backoffMs, ReconnectingSocket } from "./reconnecting-socket.js";
import { wireSettingsPanel } from "./settings-panel.js";
import { WakeLock } from "./wake-lock.js";

/** The silence after which a heartbeat tests the socket: API Gateway closes an idle one after 10 min. */
const QUIET_MS = 120_000;

/** How often the page asks, while the listener chooses a language, whether the session has ended. */
const CHOOSING_MS = 20_000;

/** How many captions the server sends to a listener who comes late. */
const LATE_CAPTIONS = 3;

const sessionId = sessionName(decodeURIComponent(location.pathname.split("/").pop() ?? ""));
const joinCode = codeOfLink();

/** @type {Language[]} */
let languages = [];
let language = "";
/** The language that the server has this listener in; "" before `joined`. */
let confirmedLanguage = "";
/** The sequence up to which captions are old: they are not read aloud. */
let caughtUpTo = 0;
/**
 * The `lastSequence` to ask with before the first caption; null asks for the late listener's captions.
 * After a reload it is 0, for all of them: those on the screen are gone.
 * @type {number | null}
 */
let missingFrom = isReload() ? 0 : null;
let attempt = 0;
let startTimer = 0;
let choosingTimer = 0;

const order = new CaptionOrder(show);
const list = new CaptionList($("viewport"), $("captions"), (code) => directionOf(languages, code), showUnread);
const voice = new ReadAloud(showVoice);
const screenLock = new WakeLock($("awake"), $("may-darken"));
const socket = new ReconnectingSocket({ address, joinState, onMessage, onState, quietMs: QUIET_MS });

function isReload() {
  const [entry] = performance.getEntriesByType("navigation");
  return /** @type {PerformanceNavigationTiming | undefined} */ (entry)?.type === "reload";
}

function address() {
  const query = { sessionId, targetLanguage: language, ...(joinCode && { joinCode }) };
  const lastSequence = order.complete || missingFrom;
  return socketAddress(webSocketUrl(), lastSequence === null ? query : { ...query, lastSequence: String(lastSequence) });
}

/** Why a handshake may have been refused: a language, too, can go while the page is open. */
async function joinState() {
  const state = await getJoinState(sessionId, { joinCode });
  if (state !== "open") return state;
  languages = await getLanguages().catch(() => languages);
  return languages.some(({ code }) => code === language) ? "open" : "unsupported";
}

/** @param {ServerMessage} message */
function onMessage(message) {
  switch (message.type) {
    case "joined":
      caughtUpTo = message.lastSequence;
      missingFrom ??= Math.max(0, message.lastSequence - LATE_CAPTIONS);
      confirmedLanguage = message.targetLanguage ?? "";
      break;
    case "caption":
      confirmedLanguage = message.language;
      order.accept(message);
      break;
    case "sessionEnded":
      socket.close("ended");
      break;
    case "error":
      showRefusal(message.code);
  }
}

/** @param {Caption} caption */
function show(caption) {
  $("empty").hidden = true;
  const isNew = caption.sequence > caughtUpTo;
  list.add(caption, word("untranslated"), isNew);
  if (isNew) voice.read(caption.text, caption.untranslated ? caption.sourceLanguage : caption.language);
}

/** After a refused change of language, the select shows the confirmed one again. @param {string} code */
function showRefusal(code) {
  const isUnsupported = code === "UNSUPPORTED_LANGUAGE" || code === "INVALID_LANGUAGE";
  if (isUnsupported) notice(word("unsupported"));
  else if (code === "SESSION_FULL") notice(word("full"));
  else notice(word(code === "RATE_LIMITED" ? "limited" : "failed"));
  if (isUnsupported && confirmedLanguage) {
    language = confirmedLanguage;
    $("language").value = confirmedLanguage;
  }
}

/** @param {SocketState} state @param {string} why */
function onState(state, why) {
  $("state").dataset.state = why === "ended" ? "ended" : state;
  $("state-text").textContent = state === "over" ? "" : word(state === "live" ? "live" : "connecting");
  $("empty").hidden = !(state === "live" && list.isEmpty);
  if (state === "live") notice("");
  if (state === "waiting") notice(word(isWaitingReason(why) ? why : "waiting"), true);
  if (state === "over") end(why);
}

/** @param {string} why @returns {why is "full" | "limited" | "refused"} */
function isWaitingReason(why) {
  return ["full", "limited", "refused"].includes(why);
}

/** @param {string} why */
function end(why) {
  notice("");
  voice.stop();
  if (why !== "unsupported") screenLock.release();
  $("chooser").hidden = true;
  $("ended").hidden = why !== "ended";
  $("keep-reading").hidden = list.isEmpty;
  $("other").hidden = why !== "missing";
  if (why === "missing") showJoinForm(sessionId, joinCode);
  $("language").hidden = why !== "unsupported";
  if (why === "unsupported") {
    notice(word("unsupported"));
    choose();
  }
  list.toNewest();
}

/** @param {string} text */
function notice(text, canRetry = false) {
  $("notice-text").textContent = text;
  $("try-now").hidden = !canRetry;
}

/** @param {number} count */
function showUnread(count) {
  $("newest").hidden = count === 0;
  $("unread").textContent = count ? String(count) : "";
}

/** Joins in a language, or changes to it. @param {string} code */
function use(code) {
  language = code;
  keep("language", code);
  localize([code, ...navigator.languages]);
  document.title = `${sessionId} · ${word("title")}`;
  $("chooser").hidden = true;
  fillSelect($("language"), languages, code, word("choose"), label);
  showVoice();
  notice("");
  if (!socket.send({ action: "changeLanguage", targetLanguage: code })) socket.retryNow();
}

/** Asks for a language, where none of the browser's is offered. */
function choose() {
  fillSelect($("language"), languages, "", word("choose"), label);
  $("choices").replaceChildren(...languageButtons(languages, label, use));
  $("chooser").hidden = false;
  $("state-text").textContent = "";
  clearTimeout(choosingTimer);
  choosingTimer = setTimeout(checkWhileChoosing, CHOOSING_MS);
}

async function checkWhileChoosing() {
  if ($("chooser").hidden) return;
  const state = await getJoinState(sessionId, { joinCode });
  if ($("chooser").hidden) return;
  if (state === "ended" || state === "missing") onState("over", state);
  else choosingTimer = setTimeout(checkWhileChoosing, CHOOSING_MS);
}

/** @param {Language} each */
function label(each) {
  return labelled(each, (quality) => (quality === "fair" || quality === "draft" ? word(quality) : undefined));
}

function showVoice() {
  const none = !voice.voiceFor(language);
  $("no-voice").hidden = !none;
  $("aloud").disabled = none;
  if (none) {
    $("aloud").checked = false;
    voice.stop();
  }
}

function wire() {
  wireSettingsPanel(() => list.toNewest());
  $("language").addEventListener("change", () => use($("language").value));
  $("aloud").addEventListener("change", () => {
    if ($("aloud").checked) voice.isOn = true;
    else voice.stop();
  });
  $("newest").addEventListener("click", () => list.toNewest());
  $("try-now").addEventListener("click", () => (language ? socket.retryNow() : start()));
  wireJoinForm();
}

async function start() {
  notice("");
  let session;
  try {
    [languages, session] = await Promise.all([getLanguages(), getSession(sessionId, { joinCode })]);
  } catch (error) {
    const { status } = asApiError(error);
    if (status === 404) {
      onState("over", "missing");
      return;
    }
    onState("waiting", status === 429 ? "limited" : "");
    clearTimeout(startTimer);
    startTimer = setTimeout(start, backoffMs(attempt++));
    return;
  }
  if (!session.isActive) {
    onState("over", "ended");
    return;
  }
  const offered = languages.map(({ code }) => code);
  const wanted = [recall("language") ?? "", ...navigator.languages];
  const code = bestLanguage(wanted, offered);
  if (code) use(code);
  else choose();
}

$("name").textContent = sessionId;
localize(navigator.languages);
document.title = `${sessionId} · ${word("title")}`;
wire();
screenLock.keep();
await start();
