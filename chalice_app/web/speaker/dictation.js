/** The browser's speech recognition, started again after each silence until it is switched off. */

const Recognition = window.SpeechRecognition ?? window.webkitSpeechRecognition;
const RESTART_MS = 300;

/** @type {Record<string, string>} */
const PROBLEMS = {
  "not-allowed": "The browser may not use the microphone. Allow it for this page, or type.",
  "service-not-allowed": "This browser’s speech recognition is switched off. Please type.",
  "audio-capture": "No microphone was found. Connect one, or type.",
  "language-not-supported": "This browser does not recognise that language. Please type.",
  network: "The browser’s speech recognition cannot be reached. Please type for now.",
};

export class Dictation {
  /** @type {SpeechRecognition | null} */
  #recognition = null;
  #on = false;
  #options;

  static get isSupported() {
    return Recognition !== undefined;
  }

  /**
   * @param {{language: string, onInterim: (text: string) => void, onFinal: (text: string) => void,
   *   onStop: (problem: string) => void}} options
   */
  constructor(options) {
    this.#options = options;
  }

  get isOn() {
    return this.#on;
  }

  start() {
    if (!Recognition) return;
    this.#on = true;
    const recognition = new Recognition();
    this.#recognition = recognition;
    recognition.lang = this.#options.language;
    recognition.continuous = true;
    recognition.interimResults = true;
    recognition.onresult = (event) => this.#heard(event);
    recognition.onerror = ({ error }) => error in PROBLEMS && this.stop(PROBLEMS[error]);
    // Browsers end the recognition after a silence.
    recognition.onend = () => setTimeout(() => this.#on && this.start(), RESTART_MS);
    recognition.start();
  }

  stop(problem = "") {
    this.#on = false;
    if (this.#recognition) {
      this.#recognition.onend = null;
      this.#recognition.stop();
    }
    this.#options.onInterim("");
    this.#options.onStop(problem);
  }

  /** @param {SpeechRecognitionEvent} event */
  #heard(event) {
    let interim = "";
    for (const result of Array.from(event.results).slice(event.resultIndex)) {
      const transcript = result[0]?.transcript ?? "";
      if (!result.isFinal) interim += transcript;
      else if (transcript.trim()) this.#options.onFinal(transcript.trim());
    }
    this.#options.onInterim(interim);
  }
}
