/** The last seconds of a talk's audio, by the talk's audio clock. This module does not touch the page. */

export const SAMPLE_RATE = 16_000;
const PER_MS = SAMPLE_RATE / 1_000;

export class KeptAudio {
  /** @type {Int16Array[]} */
  #chunks = [];
  /** The talk's sample that the first chunk begins with, and the one after the last. */
  #start = 0;
  #end = 0;

  /** In samples since the talk began, as all places here. */
  get start() {
    return this.#start;
  }

  get end() {
    return this.#end;
  }

  /** @param {Int16Array} samples */
  append(samples) {
    this.#chunks.push(samples);
    this.#end += samples.length;
  }

  /** @param {number} place whole chunks before it are forgotten */
  forget(place) {
    let count = 0;
    for (const { length } of this.#chunks) {
      if (this.#start + length > place) break;
      this.#start += length;
      count += 1;
    }
    this.#chunks.splice(0, count);
  }

  /** @param {number} place @param {number} count less where the audio ends before */
  read(place, count) {
    const samples = new Int16Array(Math.min(count, this.#end - place));
    let at = this.#start;
    for (const chunk of this.#chunks) {
      const from = Math.max(0, place - at);
      const part = chunk.subarray(from, Math.max(from, place + samples.length - at));
      if (part.length) samples.set(part, at + from - place);
      at += chunk.length;
      if (at >= place + samples.length) break;
    }
    return samples;
  }
}

/** @param {number} samples */
export const milliseconds = (samples) => Math.floor(samples / PER_MS);

/** @param {number} ms */
export const samplesIn = (ms) => Math.round(ms * PER_MS);
