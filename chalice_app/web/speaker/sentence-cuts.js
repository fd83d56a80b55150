/**
 * Where the words that were heard become a sentence. This module does not touch the page.
 */
import { binds, joins } from "./function-words.js";
import { endsClause, endsSentence } from "./sentence-ends.js";
import { counts, splitsWord } from "./words-joined.js";

export const PAUSE_MS = 700;
/** After "the" or a comma somebody looks for a word: the sentence goes on. */
const HESITATION_MS = 2 * PAUSE_MS;
const FEWEST = 3;
/** A sentence is cut at a clause when it is longer than one of these. */
const LONG = { words: 20, ms: 8_000 };
/** And between any two words when it is longer than one of these. */
const TOO_LONG = { words: 24, ms: 10_000 };
/** A stop that is heard already ends a sentence of so many words. */
const MOST = 30;
/** A clause of fewer words is cut off only where there is no other cut. */
const SHORT_CLAUSE = 5;
/** Words without spaces may come as single characters. */
const WINDOW = 4 * MOST;

/**
 * `settled`: how many words are stable, from the first on. `isOver`: nothing follows. `silenceMs`:
 * for so long nothing has followed.
 * @typedef {{settled: number, isOver: boolean, silenceMs: number, language: string}} State
 */

/**
 * How many words make the next sentence; 0 while none is complete.
 * @param {HeardWord[]} all @param {number} from @param {State} state
 */
export function cutOf(all, from, state) {
  const words = all.slice(from, from + WINDOW);
  const first = words[0];
  if (!first || from >= state.settled) return 0;
  const cut = new Cut(words, first, all.length - from > WINDOW, { ...state, settled: Math.min(words.length, state.settled - from) });
  return cut.atStopOrPause() || cut.atLength();
}

class Cut {
  #words;
  #first;
  #sums;
  #hasMore;
  #state;

  /** @param {HeardWord[]} words @param {HeardWord} first @param {boolean} hasMore @param {State} state */
  constructor(words, first, hasMore, state) {
    this.#words = words;
    this.#first = first;
    this.#hasMore = hasMore;
    this.#state = state;
    this.#sums = counts(words);
  }

  /** One or two words after a stop that a pause follows go with it. */
  atStopOrPause() {
    let stop = 0;
    for (let count = 1; count <= this.#state.settled && this.#size(count) <= MOST; count += 1) {
      if (stop && this.#size(count) - this.#size(stop) >= FEWEST) break;
      if (this.#pausesAfter(count)) return count;
      if (!stop && this.#size(count) >= FEWEST && this.#stopsAfter(count)) stop = count;
    }
    return stop;
  }

  /** In a sentence that is long without a stop. */
  atLength() {
    const { settled } = this.#state;
    if (!this.#isBeyond(LONG, settled)) return 0;
    const places = [];
    for (let count = 1; count <= settled && this.#size(count) <= TOO_LONG.words; count += 1) {
      // After the newest word a mark may still come.
      const isKnown = this.#words[count] || this.#state.isOver || this.#word(count).after;
      if (this.#size(count) >= FEWEST && isKnown) places.push(count);
    }
    const isTooLong = this.#isBeyond(TOO_LONG, settled);
    const clause = this.#atClause(isTooLong ? places : places.filter((count) => this.#leavesEnough(count)));
    if (clause || !isTooLong || this.#stopIsNear(settled)) return clause;
    const whole = places.filter((count) => !splitsWord(this.#words, count));
    return this.#atGap(whole.filter((count) => !this.#binds(count)), whole.length ? whole : places);
  }

  /** Not one or two words, which would be a caption of their own if nothing followed. @param {number} count */
  #leavesEnough(count) {
    const rest = this.#size(this.#state.settled) - this.#size(count);
    return rest === 0 || rest >= FEWEST;
  }

  /** @param {number[]} places */
  #atClause(places) {
    const { language } = this.#state;
    const clauses = places.filter((count) => endsClause(this.#word(count), this.#words[count]));
    const joints = places.filter((count) => joins(this.#words[count]?.text ?? "", language) && !this.#binds(count));
    const isLong = (/** @type {number} */ count) => this.#size(count) >= SHORT_CLAUSE;
    return clauses.findLast(isLong) ?? joints.findLast(isLong) ?? clauses.at(-1) ?? joints.at(-1) ?? 0;
  }

  /** At the longest gap; the last of equals. @param {number[]} good @param {number[]} places */
  #atGap(good, places) {
    const choice = good.length ? good : places;
    const gaps = choice.map((count) => this.#gapAfter(count));
    return choice[gaps.lastIndexOf(Math.max(...gaps))] ?? 0;
  }

  /** Whether words that are not stable yet end the sentence soon. @param {number} settled */
  #stopIsNear(settled) {
    if (this.#size(settled) >= MOST) return false;
    for (let count = settled + 1; count <= this.#words.length && this.#size(count) <= MOST; count += 1) {
      if (this.#stopsAfter(count, true)) return true;
    }
    return false;
  }

  /** @param {{words: number, ms: number}} limit @param {number} settled */
  #isBeyond({ words, ms }, settled) {
    return this.#size(settled) > words || this.#word(settled).endMs - this.#first.startMs > ms;
  }

  /** @param {number} count */
  #pausesAfter(count) {
    const { isOver, silenceMs, language } = this.#state;
    if (!this.#words[count] && !this.#hasMore && isOver) return true;
    const word = this.#word(count);
    const isHesitation = binds(word.text, language) && !word.after;
    const gap = this.#words[count] ? this.#gapAfter(count) : this.#hasMore ? 0 : silenceMs;
    return gap >= (isHesitation || /[,،、，]$/.test(word.after) ? HESITATION_MS : PAUSE_MS);
  }

  /** @param {number} count @param {boolean} [asIfStable] */
  #stopsAfter(count, asIfStable = false) {
    const word = this.#word(count);
    const seen = asIfStable ? { ...word, isAfterStable: true } : word;
    return endsSentence(seen, this.#words[count], this.#first, this.#state.language);
  }

  /** @param {number} count */
  #binds(count) {
    const word = this.#word(count);
    return !word.after && binds(word.text, this.#state.language);
  }

  /** @param {number} count */
  #gapAfter(count) {
    const next = this.#words[count];
    return next ? next.startMs - this.#word(count).endMs : 0;
  }

  /** The last of so many. @param {number} count @returns {HeardWord} */
  #word(count) {
    return this.#words[count - 1] ?? this.#first;
  }

  /** @param {number} count */
  #size(count) {
    return this.#sums[count - 1] ?? 0;
  }
}
