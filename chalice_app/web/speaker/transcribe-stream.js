/**
 * What the speaker says, streamed to a recogniser that speaks Amazon Transcribe's protocol: START HERE for
 * voice in. One `TranscribeStream` hears a whole talk over as many streams as it takes. It knows neither
 * the page nor the microphone: `push` brings the audio, the options bring the clock, sockets and grants.
 *
 * Nothing is lost and nothing is said twice: audio is kept for half a minute, and after a failure a new
 * stream gets it again from the end of the last sentence (`SpeechSegmenter.restart`).
 */
import { milliseconds, samplesIn } from "./kept-audio.js";
import { CLOCK } from "./stream-clock.js";
import { StreamGrant } from "./stream-grant.js";
import { StreamHealth } from "./stream-health.js";
import { StreamReport } from "./stream-report.js";
import { TalkAudio } from "./talk-audio.js";
import { TranscribeConnection } from "./transcribe-connection.js";

const TICK_MS = 200;
/** A paused speaker's stream gets silence, and ends after so long: minutes cost money. */
const REST_AFTER_MS = 60_000;
const FINISH_MS = 5_000;
/** After audio was sent faster than it was spoken, its pauses are judged once the answers have come so close. */
const CAUGHT_UP_MS = 3_000;

export class TranscribeStream {
  #options;
  #clock;
  #grant;
  #report;
  #health = new StreamHealth();
  #audio = new TalkAudio();
  /** "waiting" for the next try; "ending" for the last words before a rest, or at the end. */
  #life = /** @type {"off" | "connecting" | "live" | "waiting" | "ending" | "resting" | "over"} */ ("off");
  /** @type {TranscribeConnection | null} */
  #connection = null;
  /** When the present life ends by itself. */
  #deadline = Infinity;
  #openedAt = 0;
  #isPaused = false;
  #pausedAt = 0;
  /** The end of the latest word, in the talk. */
  #heardMs = 0;
  /** The end of the latest sound of speech. */
  #soundMs = 0;
  /** @type {(() => void) | null} what `finish` waits for */
  #finished = null;
  #finishBy = Infinity;
  /** @type {(() => void) | null} */
  #stopTicking = null;

  /** @param {StreamOptions} options */
  constructor(options) {
    this.#options = options;
    this.#clock = options.clock ?? CLOCK;
    this.#report = new StreamReport(options, (sentence) => this.#audio.timesOf(sentence));
    this.#grant = new StreamGrant(options.grant, this.#clock);
  }

  /** Begins, or goes on after a pause, or tries anew after it has given up. */
  start() {
    const now = this.#clock.now();
    this.#isPaused = false;
    this.#audio.turned(now);
    if (this.#life === "ending" && !this.#finished) this.#conclude("resting");
    if (this.#isOn) return;
    this.#stopTicking = this.#clock.every(TICK_MS, () => this.#tick());
    this.#audio.begin(now);
    this.#health.reset(now);
    this.#connect();
  }

  /** @param {Int16Array} samples mono, 16 kHz; they must not change afterwards */
  push(samples) {
    if (this.#isPaused || !this.#isOn) return;
    const now = this.#clock.now();
    if (this.#audio.push(samples, now)) {
      this.#health.sounded(milliseconds(samples.length), now);
      this.#soundMs = milliseconds(this.#audio.end);
    }
    this.#sendOn();
  }

  /** The microphone is off. What was said before still comes as sentences. */
  pause() {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#pausedAt = this.#clock.now();
    this.#audio.turned(this.#pausedAt);
  }

  /** Ends: resolves when the last sentence is out, after `finishMs` at the latest. @returns {Promise<void>} */
  finish() {
    if (!this.#isOn) this.abandon();
    if (!this.#isOn) return Promise.resolve();
    this.#finishBy = this.#clock.now() + (this.#options.finishMs ?? FINISH_MS);
    return new Promise((resolve) => {
      this.#finished = resolve;
      if (this.#life === "live") this.#end();
    });
  }

  /** Ends at once: what was heard comes as sentences before this returns. */
  abandon() {
    this.#conclude("off");
  }

  /** A pause before the next try has lost its reason: the network is back, or the page is seen again. */
  retry() {
    if (this.#life === "waiting") this.#connect();
  }

  get #isOn() {
    return this.#life !== "off" && this.#life !== "resting" && this.#life !== "over";
  }

  #connect() {
    this.#life = "connecting";
    this.#deadline = Infinity;
    this.#show();
    this.#connection = new TranscribeConnection({
      grant: this.#grant,
      openSocket: this.#options.openSocket,
      clock: this.#clock,
      audio: this.#audio,
      onOpen: () => this.#opened(),
      onResults: (results) => this.#heard(results),
      onFailure: (failure) => this.#failed(failure),
      onEnd: () => this.#ended(),
    });
  }

  /** @returns {number} where the new stream begins */
  #opened() {
    this.#life = "live";
    this.#deadline = Infinity;
    this.#openedAt = this.#clock.now();
    this.#health.opened(this.#openedAt);
    const heard = this.#options.segmenter.restart(Math.ceil(this.#audio.start / samplesIn(1)));
    this.#report.say(heard);
    if (this.#finished) queueMicrotask(() => this.#life === "live" && this.#end());
    this.#show();
    return Math.min(this.#audio.end, Math.max(this.#audio.start, samplesIn(heard.resumeMs)));
  }

  /** @param {HeardResult[]} results */
  #heard(results) {
    const hasWords = results.some(({ items }) => items.length > 0);
    this.#health.answered(this.#clock.now(), hasWords);
    for (const result of results) {
      this.#heardMs = Math.max(this.#heardMs, result.items.at(-1)?.endMs ?? 0);
      this.#report.say(this.#options.segmenter.hear(result));
    }
    this.#show();
  }

  /** The recogniser has sent its last words. */
  #ended() {
    if (this.#finished) return this.#conclude("off");
    const isSpent = this.#grant.isSpent(this.#clock.now());
    if (isSpent) this.#health.problem = "spent";
    this.#conclude(isSpent ? "over" : "resting");
  }

  #end() {
    this.#life = "ending";
    this.#deadline = this.#finished ? this.#finishBy : this.#clock.now() + FINISH_MS;
    this.#connection?.end();
  }

  /** @param {import("./transcribe-connection.js").Failure} failure */
  #failed({ problem, isPrompt = false, isFinal = false, retryAfterMs = 0 }) {
    const now = this.#clock.now();
    this.#drop();
    // During a pause nothing is lost by an end: the next start opens another.
    if (this.#life === "ending" && !this.#finished) return this.#ended();
    const pause = this.#health.failed(problem, isPrompt, now);
    const mayGiveUp = this.#options.mayGiveUp?.() ?? false;
    if (isFinal || (mayGiveUp && this.#health.isHopeless(now))) {
      this.#health.problem = problem;
      return this.#conclude("over");
    }
    this.#life = "waiting";
    this.#deadline = now + Math.max(pause, retryAfterMs);
    this.#show();
  }

  /** What was heard is said, and nothing is listened to. @param {"off" | "resting" | "over"} life */
  #conclude(life) {
    const wasOn = this.#isOn;
    this.#drop();
    this.#life = life;
    this.#deadline = this.#finishBy = Infinity;
    this.#stopTicking?.();
    this.#stopTicking = null;
    if (wasOn) {
      this.#report.say(this.#options.segmenter.finish());
      this.#grant.forget();
      this.#options.release();
    }
    this.#show();
    this.#finished?.();
    this.#finished = null;
  }

  #drop() {
    this.#connection?.close();
    this.#connection = null;
  }

  #tick() {
    const now = this.#clock.now();
    if (now >= this.#finishBy) return this.#conclude("off");
    if (now >= this.#deadline && this.#life === "waiting") this.#connect();
    else if (now >= this.#deadline) this.#ended();
    if (this.#life === "live") this.#audio.fill(now, this.#isPaused);
    this.#sendOn();
    this.#look(now);
    this.#show();
  }

  #sendOn() {
    const connection = this.#connection;
    connection?.tick();
    if (connection !== this.#connection) return;
    this.#audio.keep(connection?.isOpen ? connection.sent : samplesIn(this.#heardMs));
    if (!connection?.isOpen || this.#life !== "live") return;
    const sentMs = milliseconds(connection.sent);
    const isClose = sentMs - this.#heardMs < CAUGHT_UP_MS || this.#clock.now() - this.#openedAt > CAUGHT_UP_MS * 2;
    if (isClose) this.#report.say(this.#options.segmenter.advance(sentMs));
  }

  /** What the clock alone can tell. @param {number} now */
  #look(now) {
    const isLongPause = this.#isPaused && now - this.#pausedAt >= REST_AFTER_MS;
    if (isLongPause && !this.#finished && this.#life === "waiting") return this.#conclude("resting");
    if (this.#life !== "live" || !this.#connection) return;
    if (isLongPause || this.#grant.isSpent(now)) return this.#end();
    const problem = this.#health.look(now, milliseconds(this.#audio.end - this.#connection.sent));
    if (problem) return this.#failed({ problem });
    if (!this.#health.isOld(now, this.#report.isInSentence)) return;
    this.#health.closed(now);
    this.#drop();
    this.#connect();
  }

  #show() {
    const now = this.#clock.now();
    this.#report.show(this.#life, (state) => this.#health.shown(now, state), this.#soundMs - this.#heardMs);
  }
}
