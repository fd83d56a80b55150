/** How many tries to come in were refused lately, in words for the speaker and the operator. */

/** @type {Record<string, string>} */
const REASONS = {
  RATE_LIMITED: "too many at once",
  SESSION_FULL: "session full",
  WRONG_CODE: "wrong code",
  WRONG_TOKEN: "wrong token",
  NOT_FOUND: "session over",
};

/** "12 too many at once, 3 session full"; "" for none. @param {Refused | undefined} refused */
export function refusalReasons(refused) {
  const counts = Object.entries(refused?.reasons ?? {}).sort(([, a], [, b]) => b - a);
  return counts.map(([reason, count]) => `${count} ${REASONS[reason] ?? "other"}`).join(", ");
}

/** A sentence; "" for none. @param {Refused | undefined} refused */
export function refusalSentence(refused) {
  const reasons = refusalReasons(refused);
  return reasons && `Tries to come in that were refused in the last ${refused?.minutes} minutes: ${reasons}.`;
}
