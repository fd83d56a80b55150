/**
 * Plays one sound after another, by the rules of the queue. It does not touch the page: what sounds, and
 * what time it is, comes with the options.
 */
import { PlayQueue } from "./play-queue.js";
import { SoundProgress } from "./sound-progress.js";

/** So many sounds are fetched before they are needed. */
const AHEAD = 3;
/** A sound may come this much late to its end; then it is given up. */
const OVERDUE_MS = 4000;
/** No sound is longer: a part has some 300 characters. */
const LONGEST_MS = 90_000;
/** After so many sounds in a row that failed, the page says so. */
const TROUBLE = 3;

export class Player {
  #queue = new PlayQueue();
  #options;
  #source;
  /** @type {SoundProgress | null} */
  #playing = null;
  #failures = 0;
  #isOff = true;
  #isPaused = false;
  /** The browser asks for a tap first. */
  #isBlocked = false;
  /** Something is fading away: nothing else may sound yet. */
  #isStopping = false;
  /** @type {() => void} */
  #cancelGap = () => {};
  /** @type {() => void} */
  #cancelWatch = () => {};

  /** @param {PlayerOptions} options */
  constructor(options) {
    this.#options = options;
    this.#source = options.source;
  }

  /** @returns {PlayerState} */
  get state() {
    if (this.#isOff) return "off";
    if (this.#isBlocked) return "blocked";
    if (this.#isPaused) return "paused";
    return this.#failures >= TROUBLE ? "failing" : "on";
  }

  start() {
    this.#isOff = this.#isPaused = this.#isBlocked = false;
    this.#failures = 0;
    this.#queue.restart();
    this.#tell();
    this.advance();
  }

  /** @param {VoiceSource} source what sounds from now on */
  use(source) {
    if (source === this.#source) return;
    this.#forget(this.#queue.keepOnly(""));
    this.#source.rest(false);
    this.#cut();
    this.#source = source;
  }

  /** Ends, at once but softly, and forgets what waits. */
  stop() {
    this.#isOff = true;
    this.#cancelGap();
    this.#forget(this.#queue.keepOnly(""));
    this.#cut();
    this.#source.rest(false);
    this.#tell();
  }

  /** @param {Sound} sound */
  add(sound) {
    if (this.#isOff || !this.#queue.add(sound, this.#now)) return;
    this.advance();
  }

  /** It was taken back, or has no voice: what is unheard of it stays so, and is not waited for. @param {number} sequence */
  leaveOut(sequence) {
    this.#forget(this.#queue.leaveOut(sequence));
    if (this.#playing?.sound.sequence === sequence) this.#cut();
    else this.advance();
  }

  /** @param {number} sequence @param {string} text */
  reword(sequence, text) {
    this.#queue.reword(sequence, text);
  }

  /** What is in another language is not heard any more. @param {string} language */
  keepOnly(language) {
    this.#forget(this.#queue.keepOnly(language));
    this.#queue.restart();
    if (this.#playing && this.#playing.sound.language !== language) this.#cut();
  }

  /** Connected anew: what was missed meanwhile is not waited for. */
  restart() {
    this.#queue.restart();
    this.advance();
  }

  pause() {
    if (this.state === "paused" || this.#isOff) return;
    this.#isPaused = true;
    this.#cancelWatch();
    this.#cancelGap();
    const playing = this.#playing;
    playing?.hold(this.#now, true);
    if (!this.#source.pause() && playing) {
      this.#playing = null;
      this.#queue.putBack(playing.sound);
    }
    this.#tell();
  }

  /** Goes on after a pause, or after the tap that the browser asked for. */
  resume() {
    if (this.#isOff || !(this.#isPaused || this.#isBlocked)) return;
    this.#isPaused = this.#isBlocked = false;
    const now = this.#now;
    this.#queue.resume(now);
    this.#playing?.hold(now, false);
    this.#source.resume();
    this.#watch();
    this.#tell();
    this.advance();
  }

  /** Does whatever is to be done now. May be called at any time: timers may have slept. */
  advance() {
    this.#cancelGap();
    if (this.#isOff || this.#isStopping) return;
    if (this.#isPaused || this.#isBlocked) {
      this.#skip(this.#queue.trim(), "pause");
      return;
    }
    const now = this.#now;
    const { left, isCut } = this.#queue.jump(now, this.#remainingMs);
    if (isCut && this.#playing) left.unshift(this.#playing.sound);
    this.#skip(left, "behind");
    this.#source.prepare(this.#queue.ahead(AHEAD));
    if (isCut) this.#cut();
    else if (this.#playing) this.#pace();
    else this.#next(now);
  }

  /** @param {number} now */
  #next(now) {
    const rate = this.#queue.rate(now, 0);
    const { sound, waitMs, missing } = this.#queue.take(now);
    if (missing.length) this.#options.onSkip(missing, "missing");
    if (sound) this.#play(sound, rate, now);
    else this.#source.rest(true);
    if (waitMs) this.#cancelGap = this.#options.clock.after(waitMs, () => this.advance());
  }

  /** @param {QueuedSound} sound @param {number} rate @param {number} now */
  async #play(sound, rate, now) {
    const playing = (this.#playing = new SoundProgress(sound, rate, now));
    this.#watch();
    const outcome = await this.#source.play(sound, rate, (durationMs) => {
      playing.begin(this.#now, Math.min(durationMs, LONGEST_MS));
      if (this.#playing === playing) this.#watch();
    });
    if (this.#playing !== playing) return;
    this.#cancelWatch();
    this.#playing = null;
    if (outcome === "blocked") {
      this.#queue.putBack(sound);
      this.#isBlocked = true;
      this.#tell();
    } else this.#ended(sound, outcome === "ended");
  }

  /** @param {QueuedSound} sound @param {boolean} wasHeard */
  #ended(sound, wasHeard) {
    const before = this.state;
    this.#failures = wasHeard ? 0 : this.#failures + 1;
    this.#forget([sound]);
    if (!wasHeard) this.#options.onSkip([sound.sequence], "failed");
    if (this.state !== before) this.#tell();
    this.advance();
  }

  /** What is playing may go faster, or at its own pace again. */
  #pace() {
    if (!this.#playing) return;
    const rate = this.#queue.rate(this.#now, this.#remainingMs);
    if (rate === this.#playing.rate) return;
    this.#playing.pace(this.#now, rate);
    this.#source.setRate(rate);
    this.#watch();
  }

  get #now() {
    return this.#options.clock.now();
  }

  get #remainingMs() {
    return this.#playing?.left(this.#now) ?? 0;
  }

  /** A sound that does not end is given up, so that nothing waits for it. */
  #watch() {
    this.#cancelWatch();
    const playing = this.#playing;
    if (!playing) return;
    const patience = this.#remainingMs / playing.rate + OVERDUE_MS;
    this.#cancelWatch = this.#options.clock.after(patience, () => {
      if (this.#playing !== playing) return;
      this.#cut();
      this.#ended(playing.sound, false);
    });
  }

  /** Ends what is playing with a fade; nothing follows before it is silent. */
  async #cut() {
    this.#cancelWatch();
    if (!this.#playing) return;
    this.#forget([this.#playing.sound]);
    this.#playing = null;
    this.#isStopping = true;
    await this.#source.stop();
    this.#isStopping = false;
    this.advance();
  }

  /** @param {QueuedSound[]} sounds @param {SkipReason} why */
  #skip(sounds, why) {
    if (!sounds.length) return;
    this.#forget(sounds);
    this.#options.onSkip([...new Set(sounds.map(({ sequence }) => sequence))], why);
  }

  /** @param {QueuedSound[]} sounds */
  #forget(sounds) {
    for (const each of sounds) this.#source.forget(each);
  }

  #tell() {
    this.#options.onState(this.state);
  }
}
