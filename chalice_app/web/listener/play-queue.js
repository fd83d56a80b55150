/**
 * Which sentence is heard next, how fast, and which are left out, so that the voice never falls behind.
 * It touches neither page nor sound; times are in milliseconds.
 */

/** A sentence that does not come is waited for so long, from when a later one came. */
export const GAP_MS = 2000;
/** Further behind than this, sounds are played faster ... */
export const LATE_MS = 4000;
/** ... until they are hardly behind. */
const ON_TIME_MS = 2000;
/** Speech at 1.9 x is not understood; at 1.25 x it is. */
export const FASTEST = 1.2;
/** Further behind than this, sentences are left out ... */
export const BEHIND_MS = 10_000;
/** ... until those that remain are as near as this. */
const NEAR_MS = 6000;
/** What is heard counts as late until its end, but of a long sound only so much. */
const HEARD_MS = 3000;
/** After a pause so much is still to be heard. */
export const KEPT_MS = 30_000;
/** How much further behind than after the pause one may be, until it is made up for. */
const SLACK_MS = 5000;
/** Planned with, where nobody has told how long a sound is. */
const UNKNOWN_MS = 3000;

export class PlayQueue {
  /** In the order to play. @type {QueuedSound[]} */
  #waiting = [];
  /** Sentences that will not be heard: they are not waited for. @type {Set<number>} */
  #leftOut = new Set();
  /** What should come next. */
  #next = { sequence: 0, part: 1 };
  /** False before the first sound, and where nobody knows what comes next: there is nothing to wait for. */
  #isInOrder = false;
  /** @type {QueuedSound | null} */
  #taken = null;
  #isFast = false;
  #limitMs = BEHIND_MS;

  /** Whether something waits. */
  get isEmpty() {
    return this.#waiting.length === 0;
  }

  /** The next sounds, to fetch them ahead. @param {number} count */
  ahead(count) {
    return this.#waiting.slice(0, count);
  }

  /**
   * @param {Sound} sound @param {number} now
   * @returns {boolean} false: it is a repetition, comes too late, was taken back, or is no sound
   */
  add(sound, now) {
    const { sequence, part = 1 } = sound;
    if (![sequence, part].every(Number.isSafeInteger) || this.#leftOut.has(sequence) || isBefore(sound, this.#next)) return false;
    const place = this.#waiting.findLastIndex((each) => !isBefore(sound, each)) + 1;
    const former = this.#waiting[place - 1] ?? this.#taken;
    if (former && former.sequence === sequence && former.part === part && former !== this.#taken) return false;
    const follows = former && former.sequence === sequence && former.part < part;
    const dueAt = follows ? Math.max(now, former.dueAt + former.durationMs) : now;
    const durationMs = sound.durationMs > 0 ? sound.durationMs : UNKNOWN_MS;
    this.#waiting.splice(place, 0, { ...sound, part, durationMs, arrivedAt: now, dueAt });
    return true;
  }

  /** It was taken back, or has no voice. @param {number} sequence @returns {QueuedSound[]} those that waited */
  leaveOut(sequence) {
    this.#leftOut.add(sequence);
    return this.#remove((each) => each.sequence === sequence);
  }

  /** What the device has still to read changes. @param {number} sequence @param {string} text */
  reword(sequence, text) {
    for (const each of this.#waiting) if (each.sequence === sequence) each.text = text;
  }

  /** What waits in another language is not heard. @param {string} language */
  keepOnly(language) {
    return this.#remove((each) => each.language !== language);
  }

  /** Nobody knows what was missed: what comes next is played at once. */
  restart() {
    this.#isInOrder = false;
  }

  /** A sound that could not be played yet is the next again. @param {QueuedSound} sound */
  putBack(sound) {
    this.#waiting.unshift(sound);
    this.#next = sound;
  }

  /** In a pause only the newest are kept. @returns {QueuedSound[]} what is left out */
  trim() {
    const left = [];
    while (!this.#isOneSentence && total(this.#waiting) > KEPT_MS) left.push(...this.#shift());
    return left;
  }

  /** After a pause: what was kept may be heard, though it is old. @param {number} now */
  resume(now) {
    this.#limitMs = Math.max(BEHIND_MS, this.#behind(now, 0, FASTEST, HEARD_MS) + SLACK_MS);
  }

  /**
   * Leaves sentences out where one would be heard too late; the newest stays.
   * @param {number} now @param {number} remainingMs of what is playing, at its own pace
   * @returns {{left: QueuedSound[], isCut: boolean}} `isCut`: what is playing must end, too
   */
  jump(now, remainingMs) {
    /** @type {QueuedSound[]} */
    const left = [];
    const behind = () => this.#behind(now, remainingMs, FASTEST, HEARD_MS);
    const first = behind();
    this.#limitMs = Math.max(BEHIND_MS, Math.min(this.#limitMs, first + SLACK_MS));
    if (first <= this.#limitMs) return { left, isCut: false };
    while (!this.#isOneSentence && behind() > NEAR_MS) left.push(...this.#shift());
    return { left, isCut: remainingMs > 0 && behind() > this.#limitMs };
  }

  /**
   * How fast to play now.
   * @param {number} now @param {number} remainingMs of what is playing
   */
  rate(now, remainingMs) {
    const behind = this.#behind(now, remainingMs, 1, 0);
    this.#isFast = behind > (this.#isFast ? ON_TIME_MS : LATE_MS);
    return this.#isFast ? FASTEST : 1;
  }

  /**
   * The sound to play now, or how long to wait for one that is missing.
   * @param {number} now @returns {{sound: QueuedSound | null, waitMs: number, missing: number[]}}
   */
  take(now) {
    const [head] = this.#waiting;
    if (!head) return { sound: null, waitMs: 0, missing: [] };
    while (this.#leftOut.has(this.#next.sequence)) this.#next = { sequence: this.#next.sequence + 1, part: 1 };
    const isGap = this.#isInOrder && isBefore(this.#next, head);
    const waitMs = isGap ? Math.max(0, head.arrivedAt + GAP_MS - now) : 0;
    if (waitMs) return { sound: null, waitMs, missing: [] };
    const missing = isGap ? this.#missingBefore(head) : [];
    this.#waiting.shift();
    this.#pass(head);
    this.#taken = head;
    return { sound: head, waitMs: 0, missing };
  }

  /** @param {QueuedSound} head */
  #missingBefore({ sequence, part }) {
    const last = part > 1 ? sequence : sequence - 1;
    const count = Math.max(0, last - this.#next.sequence + 1);
    const all = Array.from({ length: count }, (_, index) => this.#next.sequence + index);
    return all.filter((each) => !this.#leftOut.has(each));
  }

  get #isOneSentence() {
    return this.#waiting[0]?.sequence === this.#waiting.at(-1)?.sequence;
  }

  /**
   * How late the latest of those that wait would be.
   * @param {number} now @param {number} remainingMs @param {number} rate
   * @param {number} heardMs so much of each, at most, is counted as well
   */
  #behind(now, remainingMs, rate, heardMs) {
    let start = now + remainingMs / rate;
    let most = 0;
    for (const { durationMs, dueAt } of this.#waiting) {
      most = Math.max(most, start + Math.min(durationMs / rate, heardMs) - dueAt);
      start += durationMs / rate;
    }
    return most;
  }

  /** Takes the oldest sentence away, with all its parts. Who is late does not wait for what is missing, too. */
  #shift() {
    const first = this.#waiting[0]?.sequence;
    const gone = this.#remove((each) => each.sequence === first);
    if (first !== undefined) this.#next = { sequence: first + 1, part: 1 };
    this.#isInOrder = false;
    return gone;
  }

  /** @param {QueuedSound} sound */
  #pass({ sequence, part, parts = 1 }) {
    this.#next = part < parts ? { sequence, part: part + 1 } : { sequence: sequence + 1, part: 1 };
    this.#isInOrder = true;
  }

  /** @param {(each: QueuedSound) => boolean} isMeant */
  #remove(isMeant) {
    const gone = this.#waiting.filter(isMeant);
    this.#waiting = this.#waiting.filter((each) => !isMeant(each));
    return gone;
  }
}

/** @param {{sequence: number, part?: number}} one @param {{sequence: number, part?: number}} other */
function isBefore({ sequence, part = 1 }, other) {
  return sequence < other.sequence || (sequence === other.sequence && part < (other.part ?? 1));
}

/** @param {QueuedSound[]} sounds */
function total(sounds) {
  return sounds.reduce((sum, { durationMs }) => sum + durationMs, 0);
}
