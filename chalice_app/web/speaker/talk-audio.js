/** A talk's audio on its way to a recogniser: what is kept, and the silence between. This module does not touch the page. */
import { KeptAudio, samplesIn } from "./kept-audio.js";
import { SoundActivity } from "./sound-activity.js";

/** Silence for a paused speaker comes so often. */
const PAUSED_MS = 200;
/** A microphone that sends nothing for so long is filled up with silence. A busy page may be late by less. */
const LATE_MS = 2_000;
const LONGEST_FILL_MS = 5_000;
/** Audio that is kept behind what was sent; and at most, while nothing can be sent. */
const KEPT = samplesIn(30_000);
const MOST_KEPT = samplesIn(60_000);

export class TalkAudio extends KeptAudio {
  #activity = new SoundActivity();
  /** When audio was last appended. */
  #audioAt = 0;

  /** What was before need not be heard any more. @param {number} now */
  begin(now) {
    this.forget(this.end);
    this.#audioAt = now;
  }

  /** The microphone goes off or comes back. @param {number} now */
  turned(now) {
    this.#audioAt = now;
  }

  /** @param {Int16Array} samples @param {number} now @returns {boolean} whether it sounds like speech */
  push(samples, now) {
    this.#audioAt = now;
    this.append(samples);
    return this.#activity.hears(samples);
  }

  /** Without audio for 15 s, Transcribe ends a stream. @param {number} now @param {boolean} isPaused */
  fill(now, isPaused) {
    const missing = now - this.#audioAt;
    if (missing < (isPaused ? PAUSED_MS : LATE_MS)) return;
    this.#audioAt = now;
    this.append(new Int16Array(samplesIn(Math.min(missing, LONGEST_FILL_MS))));
  }

  /** @param {number} sent how far it was sent */
  keep(sent) {
    this.forget(Math.max(this.end - MOST_KEPT, Math.min(this.end, sent) - KEPT));
  }
}
