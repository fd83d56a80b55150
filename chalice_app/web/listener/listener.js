/** The listener's page: START HERE. Joins a session in one language and shows what is said. */
import { askForAnother, wireAnother } from "./another.js";
import { codeOfLink, getLanguages, getSession, howIs, sessionName, socketAddress, webSocketUrl } from "./api.js";
import { stayAwake } from "./awake.js";
import { CaptionList } from "./caption-list.js";
import { byNativeName, directionOf, fillSelect, labelled } from "./languages.js";
import { backOff, Line } from "./line.js";
import { bestLanguage } from "./matching.js";
import { CaptionOrder } from "./order.js";
import { Reader } from "./reading.js";
import { keep, recall, wireSizes, wireThemes } from "./settings.js";
import { speak, word } from "./wording.js";

/** Silence after which the line is tested: far below API Gateway's ten idle minutes. */
const QUIET_MS = 120_000;

/** How often somebody who is still choosing, and has no line yet, asks whether it is still on. */
const CHOOSING_MS = 20_000;

/** What the server sends to whoever comes late. */
const LATE_CAPTIONS = 3;

const $ = (id) => document.getElementById(id);
const sessionId = sessionName(decodeURIComponent(location.pathname.split("/").pop()));
const joinCode = codeOfLink();

let languages = [];
let session = null;
let language = "";
let settled = "";
let caughtUpAt = 0;
/** What to ask from while nothing has been heard: everything after a reload, which shall lose nothing. */
let missingFrom = performance.getEntriesByType("navigation")[0]?.type === "reload" ? 0 : null;
let tries = 0;
let startTimer = 0;
let choosingTimer = 0;

const order = new CaptionOrder(show);
const list = new CaptionList($("viewport"), $("captions"), (code) => directionOf(languages, code), unread);
const reader = new Reader(showVoice);
const line = new Line({ address, verdict, onMessage, onState, quietMs: QUIET_MS });

function address() {
  const query = { sessionId, targetLanguage: language, ...(joinCode && { joinCode }) };
  // Without it, the server sends the last few captions: who comes late sees what was just said.
  const lastSequence = order.complete || missingFrom;
  return socketAddress(webSocketUrl(), lastSequence === null ? query : { ...query, lastSequence });
}

/** Why a handshake may have been refused; a language can go while the page is open. */
async function verdict() {
  const state = await howIs(sessionId, { joinCode });
  if (state !== "open") return state;
  languages = await getLanguages().catch(() => languages);
  return languages.some(({ code }) => code === language) ? "open" : "unsupported";
}

function onMessage(message) {
  switch (message.type) {
    case "joined":
      caughtUpAt = message.lastSequence;
      missingFrom ??= Math.max(0, message.lastSequence - LATE_CAPTIONS);
      settled = message.targetLanguage;
      break;
    case "caption":
      settled = message.language;
      order.accept(message);
      break;
    case "sessionEnded":
      line.close("ended");
      break;
    case "error":
      refuse(message.code);
  }
}

function show(caption) {
  $("empty").hidden = true;
  const isNew = caption.sequence > caughtUpAt;
  list.add(caption, word("untranslated"), isNew);
  if (isNew) {
    reader.read(caption.text, caption.untranslated ? caption.sourceLanguage : caption.language);
  }
}

/** The server would not take what was asked: back to the language that it has us in. */
function refuse(code) {
  const unsupported = code === "UNSUPPORTED_LANGUAGE" || code === "INVALID_LANGUAGE";
  const why = { SESSION_FULL: "full", RATE_LIMITED: "limited" }[code] ?? "failed";
  notice(word(unsupported ? "unsupported" : why));
  if (unsupported && settled) {
    language = settled;
    $("language").value = settled;
  }
}

function onState(state, why) {
  $("state").dataset.state = why === "ended" ? "ended" : state;
  const texts = { connecting: "connecting", live: "live", waiting: "connecting", over: "live" };
  $("state-text").textContent = state === "over" ? "" : word(texts[state]);
  $("empty").hidden = !(state === "live" && list.isEmpty);
  if (state === "live") notice("");
  if (state === "waiting") notice(word(why || "waiting"), true);
  if (state === "over") end(why);
}

function end(why) {
  notice("");
  reader.stop();
  $("chooser").hidden = true;
  $("ended").hidden = why !== "ended";
  $("keep-reading").hidden = list.isEmpty;
  $("other").hidden = why !== "missing";
  if (why === "missing") askForAnother(sessionId, joinCode);
  $("language").hidden = why !== "unsupported";
  if (why === "unsupported") {
    notice(word("unsupported"));
    choose();
  }
  list.toNewest();
}

function notice(text, canRetry = false) {
  $("notice-text").textContent = text;
  $("try-now").hidden = !canRetry;
}

function unread(count) {
  $("newest").hidden = count === 0;
  $("unread").textContent = count ? String(count) : "";
}

/** Joins in a language, or changes to it. */
function use(code) {
  language = code;
  keep("language", code);
  speak([code, ...navigator.languages]);
  document.title = `${sessionId} · ${word("title")}`;
  $("chooser").hidden = true;
  fillSelect($("language"), languages, code, word("choose"), label);
  showVoice();
  notice("");
  if (!line.send({ action: "changeLanguage", targetLanguage: code })) line.retryNow();
}

/** Nothing is assumed of whom no offered language suits: they choose among all. */
function choose() {
  fillSelect($("language"), languages, "", word("choose"), label);
  const buttons = byNativeName(languages).map((language) => {
    const item = document.createElement("li");
    const button = document.createElement("button");
    const { code: lang, direction: dir } = language;
    Object.assign(button, { type: "button", lang, dir, textContent: label(language) });
    button.addEventListener("click", () => use(lang));
    item.append(button);
    return item;
  });
  $("choices").replaceChildren(...buttons);
  $("chooser").hidden = false;
  $("state-text").textContent = "";
  clearTimeout(choosingTimer);
  choosingTimer = setTimeout(stillOn, CHOOSING_MS);
}

async function stillOn() {
  if ($("chooser").hidden) return;
  const state = await howIs(sessionId, { joinCode });
  if ($("chooser").hidden) return;
  if (state === "ended" || state === "missing") onState("over", state);
  else choosingTimer = setTimeout(stillOn, CHOOSING_MS);
}

function label(each) {
  return labelled(each, word);
}

function showVoice() {
  const none = !reader.voiceFor(language);
  $("no-voice").hidden = !none;
  $("aloud").disabled = none;
  if (none) {
    $("aloud").checked = false;
    reader.stop();
  }
}

function wire() {
  wireThemes();
  wireSizes($("smaller"), $("larger"), () => list.toNewest());
  $("settings-button").addEventListener("click", () => toggleSettings());
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || $("settings").hidden) return;
    toggleSettings();
    $("settings-button").focus();
  });
  $("language").addEventListener("change", () => use($("language").value));
  $("aloud").addEventListener("change", () => {
    if ($("aloud").checked) reader.on = true;
    else reader.stop();
  });
  $("newest").addEventListener("click", () => list.toNewest());
  $("try-now").addEventListener("click", () => (language ? line.retryNow() : start()));
  wireAnother();
}

function toggleSettings() {
  const hidden = !$("settings").hidden;
  $("settings").hidden = hidden;
  $("settings-button").setAttribute("aria-expanded", String(!hidden));
}

async function start() {
  notice("");
  try {
    [languages, session] = await Promise.all([getLanguages(), getSession(sessionId, { joinCode })]);
  } catch (error) {
    if (error.status === 404) {
      onState("over", "missing");
      return;
    }
    onState("waiting", error.status === 429 ? "limited" : "");
    clearTimeout(startTimer);
    startTimer = setTimeout(start, backOff(tries++));
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
speak(navigator.languages);
document.title = `${sessionId} · ${word("title")}`;
wire();
stayAwake();
await start();
