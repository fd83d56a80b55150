/** Listeners over time as numbers: what charts and their table are drawn from. */

const MINUTE_MS = 60_000;
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 240, 720, 1440].map((minutes) => minutes * MINUTE_MS);

export class Timeline {
  #audiences;

  /** @param {AudienceAt[]} audiences @param {number} lastMs when the last sentence was spoken */
  constructor(audiences, lastMs) {
    this.#audiences = audiences;
    this.begin = audiences[0]?.at ?? lastMs;
    // One sentence alone is a minute wide.
    this.end = Math.max(lastMs, this.begin + MINUTE_MS);
  }

  /** The languages that anybody listened to, those with the largest audience first. */
  get languages() {
    /** @type {Map<string, number>} */
    const most = new Map();
    for (const { languages } of this.#audiences)
      for (const [code, heads] of Object.entries(languages)) most.set(code, Math.max(heads, most.get(code) ?? 0));
    return [...most].sort(([a, m], [b, n]) => n - m || a.localeCompare(b)).map(([code]) => code);
  }

  /**
   * The most listeners in each of so many equal spans of time.
   * @param {number} spans @param {(languages: Counts) => number} of
   */
  columns(spans, of) {
    /** @type {number[]} */
    const most = new Array(spans).fill(0);
    const place = (/** @type {number} */ at) => Math.min(spans - 1, Math.floor(((at - this.begin) / (this.end - this.begin)) * spans));
    this.#audiences.forEach(({ at, languages }, number) => {
      const heads = of(languages);
      // An audience stays until the next one; that begins in a column that both share.
      const until = place(this.#audiences[number + 1]?.at ?? this.end);
      for (let column = place(at); column <= until; column += 1) most[column] = Math.max(most[column] ?? 0, heads);
    });
    return most;
  }

  /** Who listened at that time. @param {number} atMs @returns {Counts} */
  at(atMs) {
    return this.#audiences.findLast(({ at }) => at <= atMs)?.languages ?? {};
  }

  /** Round times in it, so many at most. @param {number} most */
  ticks(most) {
    const step = STEPS.find((each) => (this.end - this.begin) / each <= most) ?? 1440 * MINUTE_MS;
    // Round in the reader's own time zone.
    const zone = new Date(this.begin).getTimezoneOffset() * MINUTE_MS;
    const first = Math.ceil((this.begin - zone) / step) * step + zone;
    const times = [];
    for (let at = first; at <= this.end; at += step) times.push(at);
    return times;
  }

  /** Its place from 0 to 1. @param {number} atMs */
  share(atMs) {
    return (atMs - this.begin) / (this.end - this.begin);
  }
}

/** @param {Counts} languages */
export function sum(languages) {
  return Object.values(languages).reduce((all, heads) => all + heads, 0);
}
