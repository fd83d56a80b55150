/** The notice above the captions, and the time until the page tries again. */
import { $ } from "./elements.js";
import { passedMs } from "./timers.js";

const SECOND_MS = 1000;

/** @type {number | undefined} */
let timer;

/** @param {string} text @param {number} waitMs until the page tries again; 0 shows no time */
export function notice(text, canRetry = false, waitMs = 0) {
  $("notice-text").textContent = text;
  $("try-now").hidden = !canRetry;
  showWait(waitMs);
}

/** @param {number} milliseconds 0 shows nothing */
export function showWait(milliseconds) {
  clearInterval(timer);
  $("wait").hidden = milliseconds === 0;
  if (milliseconds === 0) return;
  const end = passedMs() + milliseconds;
  // From a clock, because timers sleep with the page.
  const show = () => ($("countdown").textContent = minutes(Math.ceil((end - passedMs()) / SECOND_MS)));
  show();
  timer = setInterval(show, SECOND_MS);
}

/** 0:20 needs no words, and so no plurals. @param {number} seconds */
function minutes(seconds) {
  const left = Math.max(0, seconds);
  return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
}
