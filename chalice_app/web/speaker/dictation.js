/** The browser's speech recognition, driven by the state machine in microphone.js. */
import { Microphone } from "./microphone.js";
import { recognitionTag } from "./recognition-tags.js";
import { GuessTimes } from "./sound-times.js";

const Recognition = window.SpeechRecognition ?? window.webkitSpeechRecognition;

export class Dictation {
  #microphone = new Microphone();
  #times = new GuessTimes();
  /** The one that is live, or the last. @type {SpeechRecognition | null} */
  #recognition = null;
  #timer = 0;
  #options;

  static get isSupported() {
    return Recognition !== undefined;
  }

  /**
   * @param {{language: string, onInterim: (text: string) => void,
   *   onSentence: (text: string, sound: SoundTimes | null) => void, onChange: (isOn: boolean, problem: string) => void}} options
   */
  constructor(options) {
    this.#options = options;
    // A phone that was locked, or a network that is back: the pause before the next try is over.
    document.addEventListener("visibilitychange", () => document.hidden || this.#handle({ type: "retry" }));
    window.addEventListener("online", () => this.#handle({ type: "retry" }));
  }

  get isOn() {
    return this.#microphone.isOn;
  }

  start() {
    if (Recognition) this.#handle({ type: "on" });
  }

  /** What was spoken before still comes as sentences. */
  stop() {
    this.#handle({ type: "off" });
  }

  /** Stops at once: what was heard comes as sentences before this returns. */
  finish() {
    this.#handle({ type: "finish" });
  }

  /** @param {MicrophoneEvent} event */
  #handle(event) {
    const now = performance.now();
    for (const command of this.#microphone.handle(event, now)) this.#run(command, now);
    clearTimeout(this.#timer);
    const { wakeAt } = this.#microphone;
    if (wakeAt === Infinity) return;
    this.#timer = setTimeout(() => this.#handle({ type: "tick" }), Math.max(0, wakeAt - performance.now()));
  }

  /** @param {MicrophoneCommand} command @param {number} now */
  #run(command, now) {
    if (command.do === "start") this.#start();
    if (command.do === "stop") this.#recognition?.stop();
    if (command.do === "abort") this.#abort();
    if (command.do === "say") this.#options.onSentence(command.text, this.#times.said(command.text, now));
    if (command.do === "interim") {
      this.#times.guessed(command.text, now);
      this.#options.onInterim(command.text);
    }
    if (command.do === "show") this.#options.onChange(command.isOn, command.problem);
  }

  #start() {
    if (!Recognition) return;
    const recognition = new Recognition();
    this.#recognition = recognition;
    /** A former recogniser is not listened to any more. @param {MicrophoneEvent} event */
    const handle = (event) => this.#recognition === recognition && this.#handle(event);
    recognition.lang = recognitionTag(this.#options.language);
    recognition.continuous = true;
    recognition.interimResults = true;
    recognition.onresult = ({ results }) => handle({ type: "result", results: slots(results) });
    recognition.onerror = ({ error }) => handle({ type: "error", error });
    recognition.onend = () => handle({ type: "end" });
    try {
      recognition.start();
    } catch {
      // Browsers throw while they still end another. Later: the machine is in the middle of an event.
      queueMicrotask(() => handle({ type: "end" }));
    }
  }

  #abort() {
    const recognition = this.#recognition;
    this.#recognition = null;
    recognition?.abort?.();
  }
}

/** @param {SpeechRecognitionResultList} results @returns {RecognitionSlot[]} */
function slots(results) {
  return Array.from(results, (result) => {
    const { transcript = "", confidence } = result[0] ?? {};
    return { text: transcript, isFinal: result.isFinal, confidence };
  });
}
