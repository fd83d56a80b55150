/** Permission for a stream: asked for as seldom as possible, as a session has 20 an hour. */

/** A URL is not used so shortly before it expires. */
const MARGIN_MS = 10_000;
/** The server's are good for five minutes. Where one seems not to be, this computer's clock is wrong. */
const LONGEST_LIFE_MS = 900_000;
/** So long a URL is used whose end nobody here can know. */
const SHORT_LIFE_MS = 60_000;
/** A URL with which so many streams did not open may have expired by the server's clock. */
const MOST_FAILURES = 2;
/** The server lets so many in an hour: a longer pause is a refusal. */
const LONGEST_WAIT_MS = 30_000;

export class StreamGrant {
  #ask;
  #clock;
  /** @type {Grant | null} */
  #grant = null;
  /** Until when the grant is good, by this computer's clock. */
  #goodUntil = 0;
  #failures = 0;
  /** When the session's minutes are over. */
  #spentAt = Infinity;

  /** @param {() => Promise<Grant>} ask @param {StreamClock} clock */
  constructor(ask, clock) {
    this.#ask = ask;
    this.#clock = clock;
  }

  /** Its minutes are not counted any more. */
  forget() {
    this.#grant = null;
  }

  /** A stream was opened with it. */
  worked() {
    this.#failures = 0;
  }

  /** None was. */
  failed() {
    this.#failures += 1;
  }

  /** Whether the session's minutes are over: the stream that is open must end. @param {number} now */
  isSpent(now) {
    return now >= this.#spentAt;
  }

  /** @returns {Promise<{url: string} | {problem: StreamState["problem"], isFinal: boolean, retryAfterMs: number}>} */
  async get() {
    const leftMs = this.#goodUntil - this.#clock.wallNow();
    if (this.#grant && this.#failures < MOST_FAILURES && leftMs > MARGIN_MS) return this.#grant;
    this.#grant = null;
    this.#failures = 0;
    try {
      const grant = await this.#ask();
      if (typeof grant?.url !== "string") return { problem: "failing", isFinal: false, retryAfterMs: 0 };
      const lifeMs = (grant.expiresAt ?? 0) - this.#clock.wallNow();
      const isPlausible = lifeMs > 0 && lifeMs < LONGEST_LIFE_MS;
      this.#goodUntil = this.#clock.wallNow() + (isPlausible ? lifeMs : SHORT_LIFE_MS);
      this.#spentAt = this.#clock.now() + (grant.remainingSeconds ?? Infinity) * 1_000;
      return (this.#grant = grant);
    } catch (error) {
      return refusal(/** @type {any} */ (error) ?? {});
    }
  }
}

/** @param {{status?: number, details?: {remainingSeconds?: number}, retryAfterMs?: number}} error */
function refusal({ status = 0, details = {}, retryAfterMs = 0 }) {
  const answer = (/** @type {StreamState["problem"]} */ problem, isFinal = true) => ({ problem, isFinal, retryAfterMs });
  if (status === 404) return answer("unsupported");
  if (status === 429 && details?.remainingSeconds === 0) return answer("spent");
  if (status === 429) return answer("limited", !retryAfterMs || retryAfterMs > LONGEST_WAIT_MS);
  if (status >= 400 && status < 500 && status !== 408) return answer("refused");
  return answer(status ? "failing" : "unreachable", false);
}
