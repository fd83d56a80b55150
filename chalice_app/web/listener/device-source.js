/** The device's own voice, where the stage has none for a language. */

/** Planned with, because nobody knows how long it will speak. */
const CHARACTER_MS = 70;
const SHORTEST_MS = 600;

/** @param {string} text */
export function spokenMs(text) {
  return SHORTEST_MS + text.length * CHARACTER_MS;
}

/** The device's voice for a language, if it has one. @param {string} language */
export function deviceVoice(language) {
  const voices = window.speechSynthesis?.getVoices() ?? [];
  const tag = (/** @type {SpeechSynthesisVoice} */ voice) => voice.lang.replace("_", "-").toLowerCase();
  const wanted = language.toLowerCase();
  return (
    voices.find((voice) => tag(voice) === wanted) ??
    voices.find((voice) => tag(voice).split("-")[0] === wanted.split("-")[0])
  );
}

export class DeviceSource {
  /** @type {((outcome: Outcome) => void) | null} */
  #finish = null;
  #volume = 1;

  prepare() {}

  forget() {}

  setRate() {}

  resume() {}

  rest() {}

  /** @param {QueuedSound} sound @param {number} rate @returns {Promise<Outcome>} */
  play({ text = "", language }, rate) {
    return new Promise((resolve) => {
      const finish = (/** @type {Outcome} */ outcome) => {
        if (this.#finish !== finish) return;
        this.#finish = null;
        resolve(outcome);
      };
      this.#finish = finish;
      const utterance = new SpeechSynthesisUtterance(text);
      const voice = deviceVoice(language) ?? null;
      Object.assign(utterance, { lang: language, voice, rate, volume: this.#volume });
      utterance.onend = () => finish("ended");
      utterance.onerror = ({ error }) => finish(error === "not-allowed" ? "blocked" : "failed");
      window.speechSynthesis.speak(utterance);
    });
  }

  /** @param {number} volume 0 to 1 @param {boolean} isMuted */
  setVolume(volume, isMuted) {
    this.#volume = isMuted ? 0 : volume;
  }

  async stop() {
    const isSpeaking = this.#finish;
    this.#finish?.("stopped");
    if (isSpeaking) window.speechSynthesis.cancel();
  }

  /** Android cannot pause: the sentence begins again. @returns {boolean} */
  pause() {
    this.stop();
    return false;
  }
}
