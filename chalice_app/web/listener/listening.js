/**
 * The button "Listen". What plays the voice is loaded at the first tap; here is what has to happen in the
 * tap itself: browsers let a page sound only if it has begun to in a tap.
 */
import { $ } from "./elements.js";

/** The head of a WAV file with one second of silence: 8,000 samples of 8 bits. */
const WAV_HEAD = "UklGRmQfAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YUAfAAA=";

export class Listening {
  #options;
  #isOn = false;
  /** @type {Language | undefined} */
  #language;
  /** @type {Promise<import("./voice.js").Voice | undefined> | undefined} */
  #voice;
  #audio = new Audio();
  #silence = "";
  /** A voice is heard now, so that screen readers need not read as well. */
  reads = false;

  /** @param {ListeningOptions} options */
  constructor(options) {
    this.#options = options;
    $("listen").addEventListener("click", () => (this.#isOn ? this.stop() : this.#start()));
  }

  /** What the server is to be told; nothing before the first tap. */
  get wish() {
    return this.#voice ? { voice: this.wants } : {};
  }

  /** Whether the stage is to send its voice. */
  get wants() {
    return this.#isOn && Boolean(this.#language?.voice);
  }

  /** @param {Language | undefined} language the one in use */
  use(language) {
    this.#language = language;
    this.#with((voice) => voice.use(language));
  }

  /** @param {Speech} message */
  hear(message) {
    this.#with((voice) => voice.hear(message));
  }

  /** @param {Caption} caption */
  read(caption) {
    this.#with((voice) => voice.read(caption));
  }

  /** Its caption came when it was too late to read it. @param {number} sequence */
  miss(sequence) {
    if (this.#isOn) this.#with((voice) => voice.miss(sequence));
  }

  /** @param {Caption} caption */
  correct(caption) {
    this.#with((voice) => voice.correct(caption));
  }

  /** @param {number} sequence */
  retract(sequence) {
    this.#with((voice) => voice.retract(sequence));
  }

  /** Connected anew. */
  restart() {
    this.#with((voice) => voice.restart());
  }

  stop() {
    if (this.#isOn) this.#turn(false);
    this.#with((voice) => voice.stop());
  }

  #start() {
    this.#unlock();
    const onReads = (/** @type {boolean} */ reads) => (this.reads = reads);
    this.#voice ??= import("./voice.js")
      .then((part) => part.load({ ...this.#options, audio: this.#audio, silence: this.#silence, onReads }))
      .catch(() => this.#failed());
    this.#turn(true);
    this.#with((voice) => {
      voice.use(this.#language);
      voice.start();
    });
  }

  /** @returns {undefined} */
  #failed() {
    this.#turn(false);
    this.#voice = undefined;
    this.#options.onFailed();
  }

  /** @param {boolean} isOn */
  #turn(isOn) {
    this.#isOn = isOn;
    $("listen").ariaPressed = String(isOn);
    this.#options.onWish();
  }

  #unlock() {
    if (this.#options.hasVoices()) {
      const head = Uint8Array.from(atob(WAV_HEAD), (character) => character.charCodeAt(0));
      const sound = new Blob([head, new Uint8Array(8000).fill(128)], { type: "audio/wav" });
      this.#audio.src = this.#silence ||= URL.createObjectURL(sound);
      this.#audio.play().catch(() => {});
    }
    if (!this.#language?.voice) window.speechSynthesis?.speak(new SpeechSynthesisUtterance(""));
  }

  /** @param {(voice: import("./voice.js").Voice) => void} act */
  #with(act) {
    this.#voice?.then((voice) => voice && act(voice));
  }
}
