/** The stage's own recogniser: the microphone's audio to TranscribeStream, and what the speaker is told of both. */
import { AudioCapture } from "./audio-capture.js";
import { passHeaders, request } from "./api.js";
import { Segmenter } from "./segmenter.js";
import { sendJson } from "./speaker-api.js";
import { SAMPLE_RATE } from "./kept-audio.js";
import { TranscribeStream } from "./transcribe-stream.js";
import { CAPTURE, gaveUp, heardBy, STREAM } from "./voice-notices.js";

/** The speaker who ends the session waits so long for the last words, at most. */
const LAST_WORDS_MS = 2_000;

export class StageDictation {
  #options;
  #capture;
  #stream;
  /** Whether the speaker wants it on. */
  #isWanted = false;
  /** The microphone's problem, as it is with AudioCapture. */
  #problem = "";
  /** @type {StreamState} */
  #state = { state: "off", problem: "", unheardMs: 0 };
  /** The microphone's. @type {MediaStream | null} */
  stream = null;

  /** @param {StageDictationOptions} options */
  constructor(options) {
    this.#options = options;
    this.#capture = new AudioCapture((chunk, stream) => this.#took(chunk, stream), (problem) => this.#failed(problem));
    const { token, sessionId } = options;
    const path = `sessions/${encodeURIComponent(sessionId)}/transcription`;
    this.#stream = new TranscribeStream({
      grant: () => sendJson("POST", path, { sampleRate: SAMPLE_RATE }, token),
      release: () => release(path, token),
      openSocket: (url) => new WebSocket(url),
      segmenter: new Segmenter(options.language),
      onSentence: ({ text }, sound) => options.onSentence(text, sound),
      onDraft: options.onInterim,
      onState: (state) => this.#became(state),
      mayGiveUp: options.mayGiveUp,
      finishMs: LAST_WORDS_MS,
    });
    document.addEventListener("visibilitychange", () => document.hidden || this.#stream.retry());
    window.addEventListener("online", () => this.#stream.retry());
    window.addEventListener("pagehide", ({ persisted }) => persisted || this.finish());
  }

  get isOn() {
    return this.#isWanted;
  }

  start() {
    this.#isWanted = true;
    this.#problem = "";
    this.#capture.start();
    this.#show();
  }

  /** What was spoken before still comes as sentences. */
  stop() {
    this.#mute();
    this.#stream.pause();
    this.#show();
  }

  /** Stops at once: what was heard comes as sentences before this returns. */
  finish() {
    this.#mute();
    this.#stream.abandon();
    this.#show();
  }

  /** Stops, and resolves when the last sentence is out: in two seconds at the latest. */
  async hearOut() {
    this.#mute();
    this.#show();
    await this.#stream.finish();
  }

  #mute() {
    this.#isWanted = false;
    this.#problem = "";
    this.#capture.stop();
    this.#use(null);
  }

  /** @param {MediaStream | null} stream */
  #use(stream) {
    if (this.stream === stream) return;
    this.stream = stream;
    this.#options.onStream(stream);
  }

  /** @param {Int16Array} chunk @param {MediaStream} stream */
  #took(chunk, stream) {
    if (!this.#isWanted || this.#problem) return;
    if (this.stream !== stream) {
      this.#use(stream);
      this.#stream.start();
    }
    this.#stream.push(chunk);
  }

  /** Nothing is recorded any more, or it is again. @param {string} problem */
  #failed(problem) {
    this.#problem = problem;
    if (problem) {
      this.#stream.pause();
      this.#use(null);
    }
    // The browser refuses it until the speaker allows it: a later try asks nobody.
    if (problem === "not-allowed") {
      this.#isWanted = false;
      this.#capture.stop();
    }
    this.#show();
  }

  /** @param {StreamState} state */
  #became(state) {
    this.#state = state;
    if (state.state !== "over" || !this.#isWanted) return this.#show();
    this.#mute();
    this.#show();
    this.#options.onGaveUp(gaveUp(state));
  }

  #show() {
    const trouble = this.#problem ? CAPTURE[this.#problem] : this.#isWanted ? STREAM[this.#state.problem] : "";
    this.#options.onChange(this.#isWanted, trouble ?? "", this.#isWanted && !this.#problem ? heardBy(this.#state) : "");
  }
}

/** Its minutes are over, also when the page is. @param {string} path @param {string} token */
function release(path, token) {
  request(path, { method: "DELETE", headers: passHeaders({ token }), keepalive: true }).catch(() => {});
}
