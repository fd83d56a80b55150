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
    this.tell((voice) => voice.use(language));
  }

  /** Tells what plays, if it is there. @param {(voice: import("./voice.js").Voice) => void} act */
  tell(act) {
    this.#voice?.then((voice) => voice && act(voice));
  }

  stop() {
    if (this.#isOn) this.#turn(false);
    this.tell((voice) => voice.stop());
  }

  #start() {
    this.#unlock();
    const onReads = (/** @type {boolean} */ reads) => (this.reads = reads);
    this.#voice ??= import("./voice.js")
      .then((part) => part.load({ ...this.#options, audio: this.#audio, silence: this.#silence, onReads }))
      .catch(() => this.#failed());
    this.#turn(true);
    this.tell((voice) => {
      voice.use(this.#language);
      voice.start();
    });
  }

  /** @returns {undefined} */
  #failed() {
    this.#turn(false);
    this.#audio.pause();
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
      this.#audio.loop = true;
      this.#audio.play().catch(() => {});
    }
    if (!this.#language?.voice) window.speechSynthesis?.speak(new SpeechSynthesisUtterance(""));
  }
}
