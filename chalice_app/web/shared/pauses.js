/** How long a page waits before it asks again. All of it is random: a hall must not come as one. */

const FIRST_RETRY_MS = 1500;
const LONGEST_RETRY_MS = 20_000;

/** Where the server names a time, a hall comes back spread over so long after it, and nobody before. */
const SPREAD_MS = 5000;

/**
 * The pause before a try, in milliseconds. It is random ("full jitter"): a hall that loses its network
 * together must not come back in one second.
 * @param {number} attempt
 */
export function backoffMs(attempt) {
  return 200 + Math.random() * Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** attempt);
}

/** @param {number} withinMs */
export function randomDelayMs(withinMs) {
  return Math.random() * withinMs;
}

/**
 * The pause before a try, never shorter than the server asks for.
 * @param {number} attempt @param {number} retryAfterMs 0 where the server names no time
 */
export function pauseMs(attempt, retryAfterMs) {
  return retryAfterMs ? retryAfterMs + randomDelayMs(SPREAD_MS) : backoffMs(attempt);
}
