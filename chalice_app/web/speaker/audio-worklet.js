/** Runs beside the page, in the browser's audio thread: the microphone's samples as chunks for a recogniser. */
import { PcmChunks } from "./pcm-chunks.js";

class Recorder extends AudioWorkletProcessor {
  #chunks = new PcmChunks(sampleRate, (chunk) => this.port.postMessage(chunk, [chunk.buffer]));

  /** @param {Float32Array[][]} inputs */
  process([channels = []]) {
    this.#chunks.push(channels);
    return true;
  }
}

registerProcessor("recorder", Recorder);
