/** Whether somebody seems to speak: a sound above the room's own. This module does not touch the page. */

/** The room's noise is judged by so many chunks: 10 s. */
const REMEMBERED = 100;
/** Of them, so many are quieter than the noise: speech has gaps. */
const QUIET_SHARE = 0.1;
/** Speech is so many times as loud as the noise, and never below -46 dB. */
const ABOVE_NOISE = 2.5;
const QUIETEST_SPEECH = 0.005 * 32_768;

export class SoundActivity {
  /** @type {number[]} */
  #levels = [];

  /** Whether this chunk sounds like speech. @param {Int16Array} samples */
  hears(samples) {
    let energy = 0;
    for (const sample of samples) energy += sample * sample;
    const level = Math.sqrt(energy / Math.max(1, samples.length));
    this.#levels.push(level);
    if (this.#levels.length > REMEMBERED) this.#levels.shift();
    const sorted = [...this.#levels].sort((a, b) => a - b);
    const noise = sorted[Math.floor(sorted.length * QUIET_SHARE)] ?? 0;
    // A talk that begins in the middle of a word has no gap yet to know the noise by.
    const isKnown = this.#levels.length === REMEMBERED;
    return level > QUIETEST_SPEECH && (!isKnown || level > ABOVE_NOISE * noise);
  }
}
