/** The listener's page: START HERE. Joins a session in one language and shows its captions. */
import * as api from "./api.js";
import { keep, recall } from "./browser-storage.js";
import { CaptionList } from "./caption-list.js";
import { CaptionOrder } from "./caption-order.js";
import { CaptionScreen } from "./caption-screen.js";
import { choose } from "./chooser.js";
import { $ } from "./elements.js";
import { handshake, isReload, joinCode, keepResumeToken, pass, sessionId } from "./entry.js";
import { showJoinForm, wireJoinForm } from "./join-form.js";
import { bestLanguage } from "./language-matching.js";
import { directionOf, fillSelect, labelled } from "./languages.js";
import { Listening } from "./listening.js";
import { localize, word } from "./localization.js";
import { notice, showWait } from "./notice.js";
import { pauseMs } from "./pauses.js";
import { ReconnectingSocket } from "./reconnecting-socket.js";
import { offerDownload, wireSettingsPanel } from "./settings-panel.js";
import { WakeLock } from "./wake-lock.js";

/** The silence after which a heartbeat tests the socket: API Gateway closes an idle one after 10 min. */
const QUIET_MS = 120_000;

/** How many captions the server sends to a listener who comes late. */
const LATE_CAPTIONS = 3;

/** @type {Language[]} */
let languages = [];
let language = "";
/** The language that the server has this listener in; "" before `joined`. */
let confirmedLanguage = "";
/** What the newest handshake asked for. */
let askedLanguage = "";
let askedVoice = false;
/** No connection serves, so captions that come with the next one may be old. */
let isAway = true;
/**
 * The `lastSequence` to ask with before the first caption; null asks for the late listener's captions.
 * After a reload it is 0, for all of them: those on the screen are gone.
 * @type {number | null}
 */
let missingFrom = isReload() ? 0 : null;
let attempt = 0;
let startTimer = 0;
let changeTimer = 0;

const list = new CaptionList($("viewport"), $("captions"), (code) => directionOf(languages, code), showUnread);
const listening = new Listening({
  list,
  hasVoices: () => languages.some((each) => each.voice),
  onWish: () => changeLanguage(),
  onFailed: () => notice(word("failed")),
});
const screen = new CaptionScreen(list, listening);
const order = new CaptionOrder(screen);
const screenLock = new WakeLock($("awake"), $("may-darken"));
const socket = new ReconnectingSocket({ address, joinState, onMessage, onState, quietMs: QUIET_MS });

function address() {
  askedLanguage = language;
  askedVoice = listening.wants;
  return handshake(language, order.complete || missingFrom, askedVoice);
}

/**
 * Why a handshake may have been refused: a language, too, can go while the page is open.
 * @returns {ReturnType<SocketOptions["joinState"]>}
 */
async function joinState() {
  const answer = await api.askToJoin(sessionId, pass(), "refused");
  if (answer.state !== "open") return answer;
  languages = await api.getLanguages().catch(() => languages);
  return languages.some(({ code }) => code === language) ? answer : { ...answer, state: "unsupported" };
}

/** @param {ServerMessage} message */
function onMessage(message) {
  switch (message.type) {
    case "joined":
      joined(message);
      break;
    case "caption":
      confirmedLanguage = message.language;
      order.accept(message);
      break;
    case "draft":
      if (message.language === language && !order.isOver(message.sequence)) screen.showDraft(message);
      break;
    case "retracted":
      order.retract(message.sequence);
      break;
    case "speech":
      listening.tell((voice) => voice.hear(message));
      break;
    case "sessionEnded":
      socket.close("ended");
      break;
    case "error":
      onError(message);
  }
}

/** @param {Joined} message */
function joined({ lastSequence, resumeToken = "", targetLanguage = "" }) {
  if (isAway) screen.caughtUpTo = lastSequence;
  if (isAway) listening.tell((voice) => voice.restart());
  isAway = false;
  order.after = missingFrom ??= Math.max(0, lastSequence - LATE_CAPTIONS);
  confirmedLanguage = targetLanguage;
  if (resumeToken) keepResumeToken(resumeToken);
  // Chosen while this connection was on its way in.
  if (language !== askedLanguage || listening.wants !== askedVoice) changeLanguage();
}

function changeLanguage() {
  clearTimeout(changeTimer);
  return socket.send({ action: "changeLanguage", targetLanguage: language, ...listening.wish });
}

/**
 * A listener sends changes of language and heartbeats. After a change that is refused for good, the
 * select shows the confirmed language again.
 * @param {ErrorMessage} error
 */
function onError({ code, retryAfterMs }) {
  const isUnsupported = code === "UNSUPPORTED_LANGUAGE" || code === "INVALID_LANGUAGE";
  if (isUnsupported) notice(word("unsupported"));
  else if (code === "SESSION_FULL") notice(word("full"));
  else if (retryAfterMs === undefined) notice(word("failed"));
  else if (language !== confirmedLanguage || "voice" in listening.wish) changeTimer = setTimeout(changeLanguage, retryAfterMs);
  if (isUnsupported && confirmedLanguage) {
    $("language").value = language = confirmedLanguage;
    listening.use(offer());
  }
}

/** @param {SocketState} state @param {string} why */
function onState(state, why, waitMs = 0) {
  $("state").dataset.state = why === "ended" ? "ended" : state;
  $("state-text").textContent = state === "over" ? "" : word(state === "live" ? "live" : "connecting");
  $("empty").hidden = !(state === "live" && list.isEmpty);
  if (state !== "live") isAway = true;
  if (state !== "live") screen.endDraft();
  if (state === "live") notice("");
  if (state === "connecting") showWait(0);
  if (state === "waiting") notice(word(isReason(why) ? why : "waiting"), true, why === "limited" ? waitMs : 0);
  if (state === "over") end(why);
}

/** @param {string} why @returns {why is "full" | "limited" | "refused"} */
function isReason(why) {
  return ["full", "limited", "refused"].includes(why);
}

/** @param {string} why */
function end(why) {
  notice("");
  listening.stop();
  if (why === "ended" || why === "missing") keepResumeToken("");
  if (why !== "unsupported") screenLock.release();
  $("chooser").hidden = $("listen").hidden = true;
  $("ended").hidden = why !== "ended";
  if (why === "ended") offerDownload();
  $("keep-reading").hidden = list.isEmpty;
  $("other").hidden = why !== "missing";
  if (why === "missing") showJoinForm(sessionId, joinCode);
  $("language").hidden = why !== "unsupported";
  if (why === "unsupported") {
    notice(word("unsupported"));
    ask();
  }
  list.toNewest();
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
  screen.endDraft();
  localize([code, ...navigator.languages]);
  document.title = `${sessionId} · ${word("title")}`;
  $("chooser").hidden = true;
  fillSelect($("language"), languages, code, word("choose"), label);
  listening.use(offer());
  $("listen").hidden = false;
  notice("");
  if (!changeLanguage()) socket.retryNow();
}

/** Where none of the browser's languages is offered, or the one in use is gone. */
function ask() {
  fillSelect($("language"), languages, "", word("choose"), label);
  $("state-text").textContent = "";
  choose(languages, label, use, (why) => onState("over", why));
}

/** @param {Language} each */
function label(each) {
  return labelled(each, (quality) => (quality === "fair" || quality === "draft" ? word(quality) : undefined));
}

const offer = () => languages.find(({ code }) => code === language);

function wire() {
  wireSettingsPanel(() => list.toNewest());
  $("language").addEventListener("change", () => use($("language").value));
  $("newest").addEventListener("click", () => list.toNewest());
  $("try-now").addEventListener("click", () => (language ? socket.retryNow() : start()));
  wireJoinForm();
}

/** Asks as a handshake would be asked: a reload is no way around a time that the server named. */
async function start() {
  notice("");
  const [offers, { state, retryAfterMs }] = await Promise.all([
    api.getLanguages().catch(() => null),
    api.askToJoin(sessionId, pass(), "before"),
  ]);
  if (state === "missing" || state === "ended") {
    onState("over", state);
    return;
  }
  if (!offers || state === "unreachable") {
    onState("waiting", "");
    clearTimeout(startTimer);
    startTimer = setTimeout(start, pauseMs(attempt++, retryAfterMs));
    return;
  }
  languages = offers;
  socket.heed(retryAfterMs);
  const offered = languages.map(({ code }) => code);
  const wanted = [recall("language") ?? "", ...navigator.languages];
  const code = bestLanguage(wanted, offered);
  if (code) use(code);
  else ask();
}

$("name").textContent = sessionId;
localize(navigator.languages);
document.title = `${sessionId} · ${word("title")}`;
wire();
screenLock.keep();
await start();
