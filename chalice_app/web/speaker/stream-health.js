/** How a recogniser's streams fare: pauses between tries, when hope ends, and what the speaker is told. */

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 15_000;
/** A recogniser at its limit is asked less often. */
const LIMITED_PAUSE_MS = 2_000;
/** So many failures over so long a time. */
const HOPELESS_FAILURES = 3;
const HOPELESS_MS = 15_000;
/** A stream that comes back at once is not worth a word, nor is one that takes its time to open. */
const TELL_MS = 1_500;
const SLOW_MS = 2_600;
/** After several failures a stream has to last so long before the speaker reads that it hears again. */
const DOUBTFUL_MS = 5_000;
/** One that could not be reached is reached now: it may break again, and no more. */
const REACHED_MS = 2_000;
/** Speech that has no answer yet, for so long: told. For the second: the stream is opened anew. */
const SPEECH_MS = 1_000;
const WORDLESS_MS = 2_500;
const UNANSWERED_MS = 8_000;
/** Music has no words: with each stream that does not answer either, the next has longer. */
const LONGEST_UNANSWERED_MS = 64_000;
/** Unsent audio. */
const BEHIND_MS = 3_000;
const TOO_FAR_BEHIND_MS = 20_000;
/** After an open, kept audio is sent: that is not a slow line. */
const CATCHING_UP_MS = 3_000;
const QUIET_MS = 1_000;
/** A stream lasts four hours at most: it is renewed at a pause, or at last in the middle of a word. */
const OLD_MS = 3.5 * 3_600_000;
const TOO_OLD_MS = 3.9 * 3_600_000;
/** A stream that has lasted so long has worked, also if nobody spoke. */
const STEADY_MS = 30_000;

export class StreamHealth {
  /** @type {StreamState["problem"]} */
  problem = "";
  #failures = 0;
  /** When the first of the present failures was; Infinity: none. */
  #failingSince = Infinity;
  /** Since when there is no stream. */
  #downSince = 0;
  #isUp = false;
  #openedAt = 0;
  #soundAt = -Infinity;
  /** Speech since the last answer, and when it began. */
  #speechMs = 0;
  #speechSince = Infinity;
  #patience = UNANSWERED_MS;
  #hasHeard = false;
  #isBehind = false;

  /** The speaker has switched it on. @param {number} now */
  reset(now) {
    this.problem = "";
    this.#failures = 0;
    this.#failingSince = Infinity;
    this.#isUp = false;
    this.#downSince = now;
    this.#patience = UNANSWERED_MS;
    this.#hasHeard = false;
    this.#unspoken();
  }

  /** @param {number} now */
  closed(now) {
    if (this.#isUp) this.#downSince = now;
    this.#isUp = false;
  }

  /** @param {number} now */
  opened(now) {
    this.#isUp = true;
    this.#openedAt = now;
    this.#isBehind = false;
    this.#unspoken();
  }

  /** Something that sounds like speech was recorded. @param {number} ms @param {number} now */
  sounded(ms, now) {
    this.#soundAt = now;
    this.#speechMs += ms;
    if (this.#speechSince === Infinity) this.#speechSince = now;
  }

  /** @param {number} now @param {boolean} hasWords */
  answered(now, hasWords) {
    this.#unspoken();
    if (this.problem === "wordless" || this.problem === "unanswering") this.problem = "";
    if (!hasWords && now - this.#openedAt < STEADY_MS) return;
    this.#worked();
    if (!hasWords) return;
    this.#hasHeard = true;
    this.#patience = UNANSWERED_MS;
  }

  /** @param {StreamState["problem"]} problem @param {boolean} isPrompt @param {number} now @returns {number} the pause before the next try */
  failed(problem, isPrompt, now) {
    const isSteady = this.#isUp && now - this.#openedAt >= STEADY_MS && problem !== "unanswering";
    if (isSteady) this.#worked();
    this.closed(now);
    this.problem = isPrompt && this.#failures === 0 ? "" : problem;
    this.#failingSince = Math.min(this.#failingSince, now);
    this.#failures += 1;
    if (problem === "unanswering" && this.#hasHeard) this.#patience = Math.min(LONGEST_UNANSWERED_MS, this.#patience * 2);
    if (this.#failures === 1 && (isPrompt || problem === "unanswering")) return 0;
    const first = problem === "limited" ? LIMITED_PAUSE_MS : FIRST_PAUSE_MS;
    return Math.min(LONGEST_PAUSE_MS, first * 2 ** (this.#failures - 1));
  }

  /** Whether to leave it to another recogniser. One that has heard words before may hear music now. @param {number} now */
  isHopeless(now) {
    if (this.problem === "unanswering" && this.#hasHeard) return false;
    return this.#failures >= HOPELESS_FAILURES && now - this.#failingSince >= HOPELESS_MS;
  }

  /** Whether to renew the stream now. @param {number} now @param {boolean} isInSentence */
  isOld(now, isInSentence) {
    const age = now - this.#openedAt;
    const isQuiet = !isInSentence && now - this.#soundAt >= QUIET_MS;
    return age >= TOO_OLD_MS || (age >= OLD_MS && isQuiet);
  }

  /** @param {number} now @param {number} unsentMs @returns {"" | "unanswering" | "unreachable"} why to open another */
  look(now, unsentMs) {
    this.#isBehind = unsentMs >= BEHIND_MS && now - this.#openedAt >= CATCHING_UP_MS;
    if (unsentMs >= TOO_FAR_BEHIND_MS && this.#isBehind) return "unreachable";
    const waited = now - Math.max(this.#speechSince, this.#openedAt);
    if (this.#speechMs < SPEECH_MS) return "";
    if (waited >= this.#patience && this.#speechMs >= 3 * SPEECH_MS) return "unanswering";
    if (waited >= WORDLESS_MS && !this.problem) this.problem = "wordless";
    return "";
  }

  /** @param {number} now @param {StreamState["state"]} state @returns {StreamState["problem"]} */
  shown(now, state) {
    if (state === "over") return this.problem;
    // Streams that open and fail again are one trouble, which began with the first failure.
    const isRepeated = this.#failures > 1;
    const downMs = now - (isRepeated ? Math.min(this.#downSince, this.#failingSince) : this.#downSince);
    if (state === "connecting" && this.problem) return downMs < TELL_MS ? "" : this.problem;
    if (state === "connecting") return downMs < SLOW_MS ? "" : "unreachable";
    if (this.#isBehind) return "behind";
    const doubtfulMs = this.problem === "unreachable" ? REACHED_MS : DOUBTFUL_MS;
    if (isRepeated && now - this.#openedAt < doubtfulMs) return this.problem;
    // A stream is there: whether it works is seen by its answers.
    return this.problem === "wordless" || this.problem === "unanswering" ? this.problem : "";
  }

  #worked() {
    this.#failures = 0;
    this.#failingSince = Infinity;
    this.problem = "";
  }

  #unspoken() {
    this.#speechMs = 0;
    this.#speechSince = Infinity;
  }
}
