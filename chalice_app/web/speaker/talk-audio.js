/** A talk's audio on its way to a recogniser: what is kept, and the silence between. This module does not touch the page. */
import { KeptAudio, samplesIn } from "./kept-audio.js";
import { SoundActivity } from "./sound-activity.js";
import { TalkClock } from "./talk-clock.js";

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
  #clock = new TalkClock();
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
    this.#take(samples, now);
    return this.#activity.hears(samples);
  }

  /** Without audio for 15 s, Transcribe ends a stream. @param {number} now @param {boolean} isPaused */
  fill(now, isPaused) {
    const missing = now - this.#audioAt;
    if (missing < (isPaused ? PAUSED_MS : LATE_MS)) return;
    this.#take(new Int16Array(samplesIn(Math.min(missing, LONGEST_FILL_MS))), now);
  }

  /** When it was recorded, by the clock of `push`. @param {HeardSentence} sentence @returns {SoundTimes | null} */
  timesOf({ startMs, endMs }) {
    const beganAt = this.#clock.at(samplesIn(startMs));
    const endedAt = this.#clock.at(samplesIn(endMs));
    return beganAt === null || endedAt === null ? null : { beganAt, endedAt: Math.max(beganAt, endedAt) };
  }

  /** @param {Int16Array} samples @param {number} now */
  #take(samples, now) {
    this.#audioAt = now;
    this.#clock.appended(this.end, samples.length, now);
    this.append(samples);
  }

  /** @param {number} sent how far it was sent */
  keep(sent) {
    this.forget(Math.max(this.end - MOST_KEPT, Math.min(this.end, sent) - KEPT));
  }
}
