/** What a TranscribeStream tells its owner: sentences, drafts and its state, each once. */

/** @type {Record<string, StreamState["state"]>} others: "connecting" */
const STATES = { live: "live", ending: "live", off: "off", resting: "resting", over: "over" };

export class StreamReport {
  #options;
  #timesOf;
  #draft = "";
  #shown = "";

  /**
   * @param {Pick<StreamOptions, "onSentence" | "onDraft" | "onState">} options
   * @param {(sentence: HeardSentence) => SoundTimes | null} timesOf
   */
  constructor(options, timesOf) {
    this.#options = options;
    this.#timesOf = timesOf;
  }

  /** Whether words wait for the rest of their sentence. */
  get isInSentence() {
    return this.#draft !== "";
  }

  /** @param {Heard} heard */
  say({ sentences, draft }) {
    for (const sentence of sentences) this.#options.onSentence(sentence, this.#timesOf(sentence));
    if (draft === this.#draft) return;
    this.#draft = draft;
    this.#options.onDraft(draft);
  }

  /**
   * @param {string} life of the stream @param {(state: StreamState["state"]) => StreamState["problem"]} problemIn
   * @param {number} unheardMs
   */
  show(life, problemIn, unheardMs) {
    const state = STATES[life] ?? "connecting";
    const problem = state === "off" || state === "resting" ? "" : problemIn(state);
    const shown = `${state} ${problem}`;
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#options.onState({ state, problem, unheardMs: state === "over" ? Math.max(0, unheardMs) : 0 });
  }
}
