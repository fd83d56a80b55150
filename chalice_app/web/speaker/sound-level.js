/** What the level of the microphone says: how loud, too silent, too loud. This module does not touch the page. */

/** The quietest level that the meter shows, in decibels below the loudest. */
const RANGE_DB = 60;
/** A microphone that is muted or broken gives less; a silent hall gives more. */
const SILENCE = 0.003;
const SILENT_MS = 5_000;
/** The largest sample that a converter can give, but for rounding. */
const CLIPPED = 0.985;
/** One clipped sample is a knock on the desk; so many measurements in a second are a level that is too high. */
const CLIPPINGS = 3;
const CLIPPING_WITHIN_MS = 1_000;
/** A warning stays long enough to be read. */
const CLIPPING_SHOWN_MS = 4_000;

export class SoundLevel {
  #soundAt;
  /** @type {number[]} */
  #clippings = [];
  #warnUntil = 0;

  /** @param {number} now in milliseconds */
  constructor(now) {
    this.#soundAt = now;
  }

  /**
   * @param {Float32Array} samples since the last measurement, from -1 to 1 @param {number} now
   * @returns {{level: number, warning: "" | "silent" | "clipping"}} the level from 0 to 1
   */
  measured(samples, now) {
    let peak = 0;
    for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
    if (peak >= SILENCE) this.#soundAt = now;
    if (peak >= CLIPPED) this.#clippings = [...this.#clippings, now].slice(-CLIPPINGS);
    const [first = 0] = this.#clippings;
    const isClipping = this.#clippings.length === CLIPPINGS && now - first < CLIPPING_WITHIN_MS;
    if (isClipping) this.#warnUntil = now + CLIPPING_SHOWN_MS;
    const decibels = 20 * Math.log10(Math.max(peak, 1e-6));
    return { level: Math.min(1, Math.max(0, 1 + decibels / RANGE_DB)), warning: this.#warning(now) };
  }

  /** @param {number} now @returns {"" | "silent" | "clipping"} */
  #warning(now) {
    if (now - this.#soundAt >= SILENT_MS) return "silent";
    return now < this.#warnUntil ? "clipping" : "";
  }
}
