/** How much is left of a sound that is playing, by the clock. Times are in milliseconds. */

export class SoundProgress {
  sound;
  rate;
  /** So much, at its own pace, was left at the time `#at`. */
  #leftMs;
  #at;
  #isHeld = false;

  /** @param {QueuedSound} sound @param {number} rate @param {number} now */
  constructor(sound, rate, now) {
    this.sound = sound;
    this.rate = rate;
    this.#leftMs = sound.durationMs;
    this.#at = now;
  }

  /** It has been loaded, and begins to sound. @param {number} now @param {number} durationMs its real length */
  begin(now, durationMs) {
    this.#leftMs = durationMs;
    this.#at = now;
  }

  /** At its own pace. @param {number} now */
  left(now) {
    return this.#isHeld ? this.#leftMs : Math.max(0, this.#leftMs - (now - this.#at) * this.rate);
  }

  /** @param {number} now @param {number} rate */
  pace(now, rate) {
    this.begin(now, this.left(now));
    this.rate = rate;
  }

  /** @param {number} now @param {boolean} isHeld */
  hold(now, isHeld) {
    this.begin(now, this.left(now));
    this.#isHeld = isHeld;
  }
}
