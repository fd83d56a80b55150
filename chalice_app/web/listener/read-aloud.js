/** Reads captions aloud where the device has a voice for their language. */

import { languageOf } from "./languages.js";

/** When more wait, the oldest are left out: the voice keeps up with the talk. */
const MOST_WAITING = 2;

export class ReadAloud {
  #synthesis = window.speechSynthesis;
  /** @type {{sequence: number, text: string, language: string}[]} */
  #waiting = [];
  /** The sequence that is being read; 0 for none. */
  #speaking = 0;
  /** @type {SpeechSynthesisUtterance | null} */
  #current = null;
  isOn = false;

  /** @param {() => void} voicesChanged called when the device's voices have been loaded or changed */
  constructor(voicesChanged) {
    this.#synthesis?.addEventListener("voiceschanged", voicesChanged);
  }

  /** @param {string} language */
  voiceFor(language) {
    const voices = this.#synthesis?.getVoices() ?? [];
    const tag = (/** @type {SpeechSynthesisVoice} */ voice) => voice.lang.replace("_", "-").toLowerCase();
    const wanted = language.toLowerCase();
    return (
      voices.find((voice) => tag(voice) === wanted) ??
      voices.find((voice) => tag(voice).split("-")[0] === wanted.split("-")[0])
    );
  }

  /** @param {Caption} caption */
  read(caption) {
    const { sequence, text } = caption;
    const language = languageOf(caption);
    if (!this.isOn || !this.voiceFor(language)) return;
    this.#waiting.push({ sequence, text, language });
    this.#waiting.splice(0, this.#waiting.length - MOST_WAITING);
    this.#next();
  }

  /**
   * What still waits is read with its new words alone. What was read is read again if it is the newest:
   * later, nobody would know which sentence it belongs to.
   * @param {Caption} caption @param {boolean} isNewest
   */
  correct(caption, isNewest) {
    const { sequence, text } = caption;
    const waiting = this.#waiting.find((each) => each.sequence === sequence);
    if (waiting) Object.assign(waiting, { text, language: languageOf(caption) });
    else if (isNewest) {
      this.retract(sequence);
      this.read(caption);
    }
  }

  /** It is not read, and not to its end. @param {number} sequence */
  retract(sequence) {
    this.#waiting = this.#waiting.filter((each) => each.sequence !== sequence);
    if (this.#speaking !== sequence) return;
    this.#speaking = 0;
    this.#synthesis?.cancel();
    this.#next();
  }

  stop() {
    this.isOn = false;
    this.#waiting = [];
    this.#speaking = 0;
    this.#synthesis?.cancel();
  }

  #next() {
    if (this.#speaking) return;
    const next = this.#waiting.shift();
    if (!next) return;
    const utterance = new SpeechSynthesisUtterance(next.text);
    utterance.lang = next.language;
    utterance.voice = this.voiceFor(next.language) ?? null;
    utterance.onend = utterance.onerror = () => {
      // Of one that was cancelled: another may be read by now.
      if (this.#current !== utterance) return;
      this.#speaking = 0;
      this.#next();
    };
    this.#current = utterance;
    this.#speaking = next.sequence;
    this.#synthesis.speak(utterance);
  }
}
