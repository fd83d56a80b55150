/**
 * From a microphone's rate to the recogniser's: a low-pass filter and, between its samples, the new
 * ones. Without the filter, what lies above half the new rate would be heard as other sounds.
 * This module does not touch the page: it runs in the audio worklet.
 */

/** The filter's length on each side, in zero crossings: with this window, -70 dB beyond its edge. */
const CROSSINGS = 24;
/** The filter ends at so much of half the lower rate: the rest is its edge. */
const PASSED = 0.92;
/** Kaiser's window: its side lobes are 70 dB down. */
const BETA = 7;

export class Resampler {
  #step;
  #reach;
  #cutoff;
  /** Filters by the fraction at which a new sample lies between two old ones. @type {Map<number, Float32Array>} */
  #filters = new Map();
  /** Old samples that are still needed. */
  #kept;
  /** Where the next new sample lies among them. */
  #at;

  /** @param {number} from @param {number} to samples a second */
  constructor(from, to) {
    this.#step = from / to;
    this.#cutoff = PASSED * Math.min(1, to / from);
    this.#reach = Math.ceil(CROSSINGS / Math.min(1, to / from));
    this.#kept = new Float32Array(this.#reach);
    this.#at = this.#reach;
  }

  /** @param {Float32Array} samples @returns {Float32Array} the new samples that are known by now */
  push(samples) {
    if (this.#step === 1) return samples;
    const old = new Float32Array(this.#kept.length + samples.length);
    old.set(this.#kept);
    old.set(samples, this.#kept.length);
    const count = Math.max(0, Math.ceil((old.length - this.#reach - this.#at) / this.#step));
    const made = new Float32Array(count);
    for (let n = 0; n < count; n += 1) made[n] = this.#sample(old, this.#at + n * this.#step);
    const at = this.#at + count * this.#step;
    const first = Math.max(0, Math.floor(at) - this.#reach);
    this.#kept = old.slice(first);
    // Rounded, so that errors do not add up over hours.
    this.#at = Math.round((at - first) * 1e6) / 1e6;
    return made;
  }

  /** @param {Float32Array} old @param {number} at */
  #sample(old, at) {
    const whole = Math.floor(at);
    const filter = this.#filter(Math.round((at - whole) * 1_000) / 1_000);
    const first = whole - this.#reach + 1;
    let sum = 0;
    for (let n = 0; n < filter.length; n += 1) sum += (filter[n] ?? 0) * (old[first + n] ?? 0);
    return sum;
  }

  /** @param {number} fraction */
  #filter(fraction) {
    const known = this.#filters.get(fraction);
    if (known) return known;
    const filter = Float32Array.from({ length: 2 * this.#reach }, (_, n) => {
      const distance = n - this.#reach + 1 - fraction;
      return kaiser(distance / this.#reach) * this.#cutoff * sinc(this.#cutoff * distance);
    });
    const sum = filter.reduce((all, value) => all + value, 0);
    const even = filter.map((value) => value / sum);
    this.#filters.set(fraction, even);
    return even;
  }
}

/** @param {number} x */
const sinc = (x) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

/** @param {number} x from -1 to 1 */
const kaiser = (x) => (Math.abs(x) >= 1 ? 0 : bessel(BETA * Math.sqrt(1 - x * x)) / bessel(BETA));

/** The modified Bessel function of order 0. @param {number} x */
function bessel(x) {
  let [sum, term] = [1, 1];
  for (let n = 1; term > 1e-9 * sum; n += 1) {
    term *= (x / (2 * n)) ** 2;
    sum += term;
  }
  return sum;
}
