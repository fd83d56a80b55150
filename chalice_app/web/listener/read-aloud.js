/** Reads captions aloud where the device has a voice for their language. */

/** When more wait, the oldest are left out: the voice keeps up with the talk. */
const MOST_WAITING = 2;

export class ReadAloud {
  #synthesis = window.speechSynthesis;
  /** @type {{text: string, language: string}[]} */
  #waiting = [];
  #speaking = false;
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

  /** @param {string} text @param {string} language */
  read(text, language) {
    if (!this.isOn || !this.voiceFor(language)) return;
    this.#waiting.push({ text, language });
    this.#waiting.splice(0, this.#waiting.length - MOST_WAITING);
    this.#next();
  }

  stop() {
    this.isOn = false;
    this.#waiting = [];
    this.#speaking = false;
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
      this.#speaking = false;
      this.#next();
    };
    this.#speaking = true;
    this.#synthesis.speak(utterance);
  }
}
