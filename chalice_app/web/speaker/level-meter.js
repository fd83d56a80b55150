/** The microphone's level, measured beside the recogniser. */
import { SoundLevel } from "./sound-level.js";

/** A measurement must see all samples since the last: 8,192 are 170 ms. */
const MEASURE_MS = 100;
const SAMPLES = 8_192;

export class LevelMeter {
  #show;
  /** @type {MediaStream | null} */
  #stream = null;
  /** @type {AudioContext | null} */
  #context = null;
  /** The recogniser's: it goes on when the meter stops. */
  #isShared = false;
  #timer = 0;
  #isWanted = false;

  /** @param {(measured: {level: number, warning: string} | null) => void} show null: nothing is measured */
  constructor(show) {
    this.#show = show;
  }

  /**
   * Phones give the microphone to one at a time: with a meter beside it, the recogniser hears nothing
   * (WebAudio/web-speech-api #101, akrusz/aloud #42). An iPad calls itself a Mac. Pages that are not
   * secure have no `mediaDevices`.
   */
  static get isSupported() {
    const { userAgent, maxTouchPoints, mediaDevices } = navigator;
    const isPhone = /Android|iPhone|iPad/.test(userAgent) || (/Macintosh/.test(userAgent) && maxTouchPoints > 1);
    return !isPhone && Boolean(mediaDevices);
  }

  /** @param {MediaStream | null} shared a stream that is there already */
  async start(shared = null) {
    if (this.#isWanted || !(shared ?? LevelMeter.isSupported)) return;
    this.#isWanted = true;
    this.#isShared = shared !== null;
    if (shared) return this.#measure(shared);
    try {
      // As the microphone gives it: a level that the browser has evened out says nothing.
      const audio = { autoGainControl: false, noiseSuppression: false, echoCancellation: false };
      const stream = await navigator.mediaDevices.getUserMedia({ audio });
      if (this.#isWanted && !this.#stream) this.#measure(stream);
      else stopTracks(stream);
    } catch {
      // Without it the recogniser works as well: it asks for the microphone by itself.
    }
  }

  stop() {
    this.#isWanted = false;
    clearInterval(this.#timer);
    if (this.#stream && !this.#isShared) stopTracks(this.#stream);
    this.#context?.close();
    this.#stream = this.#context = null;
    this.#show(null);
  }

  /** @param {MediaStream} stream */
  #measure(stream) {
    this.#stream = stream;
    this.#context = new AudioContext();
    const analyser = this.#context.createAnalyser();
    analyser.fftSize = SAMPLES;
    this.#context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(SAMPLES);
    const level = new SoundLevel(performance.now());
    this.#timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      this.#show(level.measured(samples, performance.now()));
    }, MEASURE_MS);
  }
}

/** @param {MediaStream} stream */
function stopTracks(stream) {
  for (const track of stream.getTracks()) track.stop();
}
