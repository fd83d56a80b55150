/** When each of a talk's samples was recorded. This module does not touch the page. */
import { samplesIn } from "./kept-audio.js";

/** Chunks that come so much later or sooner than the samples before them tell of a gap, or of a busy page. */
const DRIFT_MS = 100;
/** Two minutes at ten chunks a second: the server is told of no older sound. */
const MOST_MARKS = 1_200;

export class TalkClock {
  /** From each sample on, audio came without a gap. @type {{place: number, at: number}[]} */
  #marks = [];

  /** @param {number} place of the first new sample @param {number} count @param {number} now when the last was recorded */
  appended(place, count, now) {
    const at = now - count / samplesIn(1);
    const last = this.#marks.at(-1);
    if (last && Math.abs(at - time(last, place)) < DRIFT_MS) return;
    this.#marks.push({ place, at });
    if (this.#marks.length > MOST_MARKS) this.#marks.shift();
  }

  /** @param {number} place a sample's @returns {number | null} null where that was too long ago */
  at(place) {
    const mark = this.#marks.findLast((each) => each.place <= place);
    return mark ? time(mark, place) : null;
  }
}

/** @param {{place: number, at: number}} mark @param {number} place */
function time(mark, place) {
  return mark.at + (place - mark.place) / samplesIn(1);
}
