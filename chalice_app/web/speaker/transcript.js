/**
 * From a recogniser's results to sentences: each word that was shown is said once. Browsers differ in
 * what they call final:
 * - Chrome and Edge on a computer send guesses, then one final a slot.
 * - Chrome on Android may mark its guesses final: they grow in one slot, or from slot to slot, and
 *   come twice. It may also end a guess with an empty final.
 * - Safari may never send a final, or begin its guess anew after a silence.
 * Therefore a final is held until it has stood for a while or something else follows, but for browsers
 * whose finals have proved to be final. This module does not touch the page.
 */

/** Guesses that are marked final come with each word, up to a second apart. */
const SETTLE_MS = 1_200;
/** Chrome's final comes within 2 s of the last guess: after this time none will. */
const STALL_MS = 3_000;
/** A guess that becomes so much shorter after this time is about something else. */
const RESET_MS = 1_000;
/** A letter of a script that has spaces between its words. */
const SPACED = /^(?![\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}])\p{L}/u;

/**
 * `said` is how it began when a part of it was said already.
 * @typedef {{text: string, said: string, at: number, slots: number}} Utterance
 * @typedef {{text: string, isSure: boolean, utterance: Utterance}} Final
 */

export class Transcript {
  /** @type {Final[]} by slot */
  #finals = [];
  /** The last final, until it is said. @type {Utterance | null} */
  #held = null;
  /** What is not final yet. */
  #guess = { text: "", said: "", at: 0 };
  // What is known about the browser.
  #hasGuesses = false;
  #isProven = false;
  #grows = false;

  /** What was heard and is not said yet. */
  get interim() {
    return this.#left().join(" ");
  }

  /** When `due` has something to say; Infinity for never. */
  get wakeAt() {
    const settled = this.#held ? this.#held.at + SETTLE_MS : Infinity;
    return Math.min(settled, unsaid(this.#guess) ? this.#guess.at + STALL_MS : Infinity);
  }

  /**
   * All results of an event, not only those from `resultIndex` on: Android was seen to send it as 0.
   * @param {RecognitionSlot[]} results @param {number} now @returns {string[]} sentences
   */
  heard(results, now) {
    /** @type {string[]} */
    const sentences = [];
    let isFinal = false;
    results.forEach((result, slot) => {
      if (result.isFinal && result.text.trim() && this.#isNews(slot, result)) {
        isFinal = true;
        this.#final(slot, result, now, sentences);
      }
    });
    const guesses = results.filter((each) => !each.isFinal).map(({ text }) => text);
    this.#guessed(guesses.join("").trim(), isFinal, now, sentences);
    if (this.#isTrusted) this.#release(sentences);
    return sentences;
  }

  /** @param {number} now @returns {string[]} sentences that have waited long enough */
  due(now) {
    /** @type {string[]} */
    const sentences = [];
    if (this.#held && now >= this.#held.at + SETTLE_MS) {
      this.#isProven = true;
      this.#release(sentences);
    }
    if (unsaid(this.#guess) && now >= this.#guess.at + STALL_MS) {
      this.#release(sentences);
      sentences.push(unsaid(this.#guess));
      this.#guess.said = this.#guess.text;
    }
    return sentences;
  }

  /** The recogniser has ended. @returns {string[]} sentences: what is left, final or not */
  finish() {
    const left = this.#left();
    this.#finals = [];
    this.#held = null;
    this.#guess = { text: "", said: "", at: 0 };
    return left;
  }

  #left() {
    return [this.#held, this.#guess].map((each) => (each ? unsaid(each) : "")).filter(Boolean);
  }

  get #isTrusted() {
    return this.#hasGuesses && this.#isProven && !this.#grows;
  }

  /** @param {number} slot @param {RecognitionSlot} result */
  #isNews(slot, result) {
    return this.#finals[slot]?.text !== result.text.trim();
  }

  /** @param {number} slot @param {RecognitionSlot} result @param {number} now @param {string[]} out */
  #final(slot, result, now, out) {
    const text = result.text.trim();
    const known = this.#finals[slot];
    const former = known ?? this.#finals[slot - 1];
    const isSame = known ? isAlike(known.text, text) : this.#goesOn(former, result);
    let utterance = former?.utterance;
    if (!isSame || !utterance) {
      this.#release(out);
      utterance = { text, said: this.#saidOf(text), at: now, slots: 1 };
    } else {
      this.#grows = true;
      utterance.slots += 1;
      if (this.#held !== utterance) this.#release(out);
      if (!begins(utterance.text, text)) Object.assign(utterance, { text, at: now });
    }
    this.#held = utterance;
    this.#finals[slot] = { text, isSure: result.confidence !== 0, utterance };
  }

  /**
   * Whether the final of a new slot repeats the former slot's, or begins with it. By the standard a slot
   * that goes on where the former ended begins with a space.
   * @param {Final | undefined} former @param {RecognitionSlot} result
   */
  #goesOn(former, { text }) {
    if (!former || this.#isTrusted || /^\s/.test(text)) return false;
    if (fold(former.text) === fold(text)) return former.utterance.slots > 1 || !former.isSure;
    return continues(text, former.text) || (former.utterance.slots > 1 && continues(former.text, text));
  }

  /** @param {string} text @param {boolean} isFinal a final came with it @param {number} now @param {string[]} out */
  #guessed(text, isFinal, now, out) {
    const guess = this.#guess;
    if (!text) {
      // A guess that goes without a final is not forgotten: it may have been right.
      if (isFinal) guess.text = "";
      return;
    }
    this.#hasGuesses = true;
    if (this.#held && !begins(text, this.#held.text)) {
      this.#isProven = true;
      this.#release(out);
    }
    if (text === guess.text) return;
    if (!isFinal && isAnew(guess, text, now) && unsaid(guess)) out.push(unsaid(guess));
    if (!isAlike(guess.said, text)) guess.said = "";
    Object.assign(guess, { text, at: now });
  }

  /** How a new final began, where its guess was said already. @param {string} text */
  #saidOf(text) {
    const { said } = this.#guess;
    if (!isAlike(said, text)) {
      this.#guess.said = "";
      return "";
    }
    this.#guess.said = after(said, text);
    return said;
  }

  /** @param {string[]} out */
  #release(out) {
    if (!this.#held) return;
    const text = unsaid(this.#held);
    if (text) out.push(text);
    this.#held.said = this.#held.text;
    this.#held = null;
  }
}

/** Safari's way to begin a guess anew. @param {{text: string, at: number}} guess @param {string} text @param {number} now */
function isAnew(guess, text, now) {
  return now - guess.at >= RESET_MS && text.length * 2 < guess.text.length && !isAlike(guess.text, text);
}

/** @param {{text: string, said: string}} of */
function unsaid({ text, said }) {
  const rest = after(text, said);
  return !said || /[\p{L}\p{N}]/u.test(rest) ? rest : "";
}

/** What a text has beyond its beginning, which may have been revised. @param {string} text @param {string} beginning */
function after(text, beginning) {
  if (text.startsWith(beginning)) return text.slice(beginning.length).trim();
  if (!/\s/.test(text + beginning)) return text.slice(beginning.length);
  return text.split(/\s+/).slice(beginning.split(/\s+/).length).join(" ");
}

/** Without case and punctuation: recognisers add both late. @param {string} text */
function fold(text) {
  return text.toLowerCase().replace(/[\p{P}\s]+/gu, " ").trim();
}

/** @param {string} text @param {string} beginning */
function begins(text, beginning) {
  return fold(text).startsWith(fold(beginning));
}

/** Begins with it, and not inside a word. @param {string} text @param {string} beginning */
function continues(text, beginning) {
  return begins(text, beginning) && !SPACED.test(fold(text).slice(fold(beginning).length));
}

/** Whether one text is the other's beginning, give or take a revised word. @param {string} a @param {string} b */
function isAlike(a, b) {
  if (!a || !b) return false;
  if (begins(a, b) || begins(b, a)) return true;
  const [x, y] = [fold(a).split(" "), fold(b).split(" ")];
  const length = Math.min(x.length, y.length);
  const equal = x.filter((word, index) => index < length && word === y[index]).length;
  return equal * 2 > length;
}
