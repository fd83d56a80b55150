/** Reads captions aloud where the device has a voice for their language. */

/** More than this waiting to be read, and the oldest are left out: the talk goes on. */
const MOST_WAITING = 2;

export class Reader {
  #synthesis = window.speechSynthesis;
  #waiting = [];
  #speaking = false;
  on = false;

  /** @param {() => void} voicesChanged voices come late, and come and go */
  constructor(voicesChanged) {
    this.#synthesis?.addEventListener("voiceschanged", voicesChanged);
  }

  /** @param {string} language @returns {SpeechSynthesisVoice | undefined} */
  voiceFor(language) {
    const voices = this.#synthesis?.getVoices() ?? [];
    const tag = (voice) => voice.lang.replace("_", "-").toLowerCase();
    const wanted = language.toLowerCase();
    return (
      voices.find((voice) => tag(voice) === wanted) ??
      voices.find((voice) => tag(voice).split("-")[0] === wanted.split("-")[0])
    );
  }

  /** @param {string} text @param {string} language */
  read(text, language) {
    if (!this.on || !this.voiceFor(language)) return;
    this.#waiting.push({ text, language });
    this.#waiting.splice(0, this.#waiting.length - MOST_WAITING);
    this.#next();
  }

  stop() {
    this.on = false;
    this.#waiting = [];
    this.#speaking = false;
    this.#synthesis?.cancel();
  }

  #next() {
    if (this.#speaking || this.#waiting.length === 0) return;
    const { text, language } = this.#waiting.shift();
    const utterance = new SpeechSynthesisUtterance(text);
    utterance.lang = language;
    utterance.voice = this.voiceFor(language) ?? null;
    utterance.onend = utterance.onerror = () => {
      this.#speaking = false;
      this.#next();
    };
    this.#speaking = true;
    this.#synthesis.speak(utterance);
  }
}
