/**
 * The overlay for a stream: START HERE. It shows a session's captions in one language or two, over
 * whatever is behind the page, and nothing else: an error is for the producer, before the talk.
 */
import { askToJoin, codeOfLink, getLanguages, getSession, sessionName } from "./api.js";
import { keep, recall } from "./browser-storage.js";
import { $ } from "./elements.js";
import { nearest } from "./language-matching.js";
import { directionOf } from "./languages.js";
import { OverlayBand } from "./overlay-band.js";
import { OverlayConnection } from "./overlay-connection.js";
import { readOptions } from "./overlay-options.js";
import { pauseMs } from "./pauses.js";

/** Above this brightness, of 255, letters are dark. */
const BRIGHT = 150;

const sessionId = sessionName(decodeURIComponent(location.pathname.split("/").at(-2) ?? ""));
const joinCode = codeOfLink();
const options = readOptions(location.search, (colour) => CSS.supports("color", colour));

/** Set once this overlay has shown a talk: from then on it shows no word of its own, not even after a reload. */
const SERVED_KEY = `overlay ${sessionId}`;

/** @param {string[]} problems */
function showSetUp(problems) {
  for (const problem of problems) console.info("Overlay:", problem);
  if (recall(SERVED_KEY)) return;
  $("set-up").textContent = problems.join("\n");
  $("set-up").hidden = problems.length === 0;
}

/** @param {number} lastSequence */
function joined(lastSequence) {
  if (lastSequence > 0) talkHasBegun();
}

function talkHasBegun() {
  $("set-up").hidden = true;
  if (!recall(SERVED_KEY)) keep(SERVED_KEY, "served");
}

function applyLook() {
  const page = document.documentElement;
  page.style.setProperty("--size", String(options.size));
  page.style.setProperty("--lines", String(options.lines));
  page.style.setProperty("--width", String(options.width));
  page.style.setProperty("background-color", options.background);
  document.body.classList.add(options.align);
  document.body.classList.toggle("top", options.isTop);
  document.body.classList.toggle("blocks", options.isBlocks);
  document.body.classList.toggle("light", brightness(getComputedStyle(page).backgroundColor) > BRIGHT);
}

/** A projector's screen stays on; a stream's page has none. Browsers let go of it where the page is not seen. */
async function keepScreenOn() {
  if (options.background === "transparent" || document.hidden) return;
  try {
    await navigator.wakeLock.request("screen");
  } catch {
    // Not allowed, or not there: then the computer's own settings hold.
  }
}

/** @param {string} colour as `rgb(…)`; 0 where it is transparent */
function brightness(colour) {
  const [red = 0, green = 0, blue = 0, alpha = 1] = (colour.match(/[\d.]+/g) ?? []).map(Number);
  // ITU-R BT.709
  return alpha * (0.2126 * red + 0.7152 * green + 0.0722 * blue);
}

/** @param {string[]} wanted @param {Language[]} languages @param {string[]} problems */
function offered(wanted, languages, problems) {
  const codes = languages.map(({ code }) => code);
  return wanted.flatMap((tag) => {
    const code = nearest(tag, codes);
    if (!code) problems.push(`The language ${tag} is not offered. Offered are: ${codes.join(", ")}.`);
    return code ? [code] : [];
  });
}

async function start(attempt = 0) {
  const pass = { joinCode };
  const [languages, { state, retryAfterMs }] = await Promise.all([
    getLanguages().catch(() => null),
    askToJoin(sessionId, pass, "before"),
  ]);
  const problems = [...options.problems];
  if (state === "missing") problems.unshift(`There is no session ${sessionId}, or its code is missing or wrong.`);
  if (state === "ended") problems.unshift(`The session ${sessionId} has ended.`);
  showSetUp(problems);
  if (state === "missing" || state === "ended") return;
  if (!languages || state === "unreachable") {
    setTimeout(() => start(attempt + 1), pauseMs(attempt, retryAfterMs));
    return;
  }
  await open(languages, retryAfterMs, problems);
}

/** @param {Language[]} languages @param {number} retryAfterMs @param {string[]} problems */
async function open(languages, retryAfterMs, problems) {
  // Without a language, the speaker's own: captions for those who do not hear.
  const own = options.language || (await getSession(sessionId, { joinCode }).catch(() => null))?.sourceLanguage || "";
  const wanted = [own, options.second].filter(Boolean);
  const codes = offered(wanted, languages, problems);
  showSetUp(problems);
  for (const code of new Set(codes)) {
    const band = new OverlayBand($("bands"), options, (each) => directionOf(languages, each));
    const screen = {
      /** @param {Caption} caption */
      show(caption) {
        talkHasBegun();
        band.show(caption);
      },
      correct: band.correct.bind(band),
      retract: band.retract.bind(band),
      clear: band.clear.bind(band),
    };
    new OverlayConnection(code, { sessionId, joinCode }, screen, joined).open(retryAfterMs);
  }
}

document.title = `${sessionId} · Captions for a stream`;
applyLook();
keepScreenOn();
document.addEventListener("visibilitychange", keepScreenOn);
await start();
