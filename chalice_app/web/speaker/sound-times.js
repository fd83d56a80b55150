/** When sentences sounded, by `performance.now()`, and how the server is told. This module does not touch the page. */

/** The protocol's limit. */
const LONGEST_AGO_MS = 120_000;

/**
 * For `speak`, at the moment of sending: the two clocks need not agree on the time of day.
 * @param {SoundTimes | null} sound @param {number} now @returns {{sound?: SpokenSound}}
 */
export function soundAgo(sound, now) {
  if (!sound) return {};
  const endedMsAgo = Math.max(0, Math.round(now - sound.endedAt));
  const beganMsAgo = Math.max(endedMsAgo, Math.round(now - sound.beganAt));
  return beganMsAgo <= LONGEST_AGO_MS ? { sound: { beganMsAgo, endedMsAgo } } : {};
}

/** A long sentence is sent in parts: each gets the share of its length. @param {SoundTimes | null} sound @param {string[]} parts */
export function shares(sound, parts) {
  if (!sound) return parts.map(() => null);
  const all = parts.reduce((sum, { length }) => sum + length, 0) || 1;
  let from = 0;
  return parts.map(({ length }) => {
    const at = (/** @type {number} */ place) => sound.beganAt + ((sound.endedAt - sound.beganAt) * place) / all;
    const share = { beganAt: at(from), endedAt: at(from + length) };
    from += length;
    return share;
  });
}

/** For a recogniser that tells no times: its guesses came when their words were spoken, or shortly after. */
export class GuessTimes {
  #guess = "";
  #beganAt = 0;
  #changedAt = 0;

  /** What is heard and is not a sentence yet. @param {string} text @param {number} now */
  guessed(text, now) {
    if (!this.#guess) this.#beganAt = now;
    this.#guess = text;
    this.#changedAt = now;
  }

  /** A sentence of it. @param {string} text @param {number} now @returns {SoundTimes | null} null where nothing was guessed before it */
  said(text, now) {
    if (!this.#guess) return null;
    // The last word may have come with the sentence itself.
    const endedAt = words(text) > words(this.#guess) ? now : this.#changedAt;
    const sound = { beganAt: this.#beganAt, endedAt };
    this.#guess = "";
    return sound;
  }
}

/** @param {string} text */
function words(text) {
  return text.trim().split(/\s+/u).length;
}
