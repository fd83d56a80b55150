/** Chunks of 16-bit samples at the recogniser's rate, of whatever a microphone gives. Runs in the audio worklet. */
import { Resampler } from "./resampler.js";

const RATE = 16_000;
/** 100 ms. */
const CHUNK = 1_600;

export class PcmChunks {
  #resampler;
  #give;
  #chunk = new Int16Array(CHUNK);
  #filled = 0;

  /** @param {number} rate of the microphone @param {(chunk: Int16Array<ArrayBuffer>) => void} give */
  constructor(rate, give) {
    this.#resampler = new Resampler(rate, RATE);
    this.#give = give;
  }

  /** @param {Float32Array[]} channels of the same length, from -1 to 1 */
  push(channels) {
    const [first] = channels;
    if (!first) return;
    for (const sample of this.#resampler.push(channels.length > 1 ? mixed(channels) : first)) {
      this.#chunk[this.#filled] = Math.round(Math.max(-1, Math.min(1, sample)) * 32_767);
      this.#filled += 1;
      if (this.#filled < CHUNK) continue;
      this.#give(this.#chunk);
      this.#chunk = new Int16Array(CHUNK);
      this.#filled = 0;
    }
  }
}

/** @param {Float32Array[]} channels */
function mixed(channels) {
  const mono = new Float32Array(channels[0]?.length ?? 0);
  for (const channel of channels) channel.forEach((sample, n) => (mono[n] = (mono[n] ?? 0) + sample / channels.length));
  return mono;
}
