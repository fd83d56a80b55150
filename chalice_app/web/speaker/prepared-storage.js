/** The prepared text of a session and the place in it, which the browser keeps for a reload. */
import { keep, recall } from "./browser-storage.js";

/** Sessions last twelve hours. */
const LIFE_MS = 12 * 3_600_000;
const TEXT = "prepared ";
const PLACE = "prepared-place ";
const GONE = ["sent", "said", "reported", "unanswered"];

/** @param {string} sessionId @returns {string} "" for none */
export function storedText(sessionId) {
  return read(TEXT + sessionId)?.text ?? "";
}

/** @param {string} sessionId @param {string} text @returns {boolean} whether the browser keeps it */
export function storeText(sessionId, text) {
  prune();
  keep(TEXT + sessionId, JSON.stringify({ text, at: Date.now() }));
  return storedText(sessionId) === text;
}

/** @param {string} sessionId @param {import("./prepared-text.js").PreparedText} prepared */
export function storePlace(sessionId, { safePlace, lines }) {
  const sent = lines.flatMap(({ mark }, index) => (GONE.includes(mark) ? [index] : []));
  keep(PLACE + sessionId, JSON.stringify({ place: safePlace, sent }));
}

/** @param {string} sessionId @param {import("./prepared-text.js").PreparedText} prepared */
export function restorePlace(sessionId, prepared) {
  const { place, sent } = read(PLACE + sessionId) ?? {};
  for (const index of Array.isArray(sent) ? sent : []) {
    const line = prepared.lines[index];
    if (line) line.mark = "reported";
  }
  if (Number.isInteger(place)) prepared.moveTo(place);
}

/** @param {string} sessionId */
function forgetText(sessionId) {
  keep(TEXT + sessionId, "");
  keep(PLACE + sessionId, "");
}

/** Texts of sessions that ended while no page was there. */
function prune() {
  try {
    for (const key of Object.keys(localStorage).filter((each) => each.startsWith(TEXT))) {
      if (!(Date.now() - read(key)?.at < LIFE_MS)) forgetText(key.slice(TEXT.length));
    }
  } catch {
    // The browser allows no storage.
  }
}

/** @param {string} key @returns {any} */
function read(key) {
  try {
    return JSON.parse(recall(key) ?? "null");
  } catch {
    return null;
  }
}
