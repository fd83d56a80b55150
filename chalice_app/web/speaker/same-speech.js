/**
 * Whether two results are about the same speech, and which words of one are in the other. This module
 * does not touch the page.
 */

/** Recognisers move a word by so much from one result to the next. */
const SHIFT_MS = 300;

/** @typedef {import("./heard-results.js").KeptResult} KeptResult */
/** @typedef {import("./heard-words.js").ReadResult} ReadResult */

/** An id that comes again after its final may be about what follows. @param {KeptResult} kept @param {ReadResult} read */
export function isSameSpeech(kept, read) {
  if (!kept.isFinal || !read.words.length) return true;
  if (kept.isTimed && read.isTimed) return read.startMs < kept.endMs || begins(read.words, kept.words) === "same";
  return begins(read.words, kept.words) !== "no" || begins(kept.words, read.words) !== "no";
}

/** @param {HeardWord[]} words @param {HeardWord[]} beginning */
function begins(words, beginning) {
  if (!beginning.every((word, at) => isAlike(word, words[at]))) return "no";
  const isSame = words.length === beginning.length && words[0]?.startMs === beginning[0]?.startMs;
  return isSame ? "same" : "yes";
}

/** They share half of the shorter one's time. @param {KeptResult} kept @param {ReadResult} read */
export function overlaps(kept, read) {
  const shared = Math.min(kept.endMs, read.endMs) - Math.max(kept.startMs, read.startMs);
  const shorter = Math.min(kept.endMs - kept.startMs, read.endMs - read.startMs);
  return kept.isTimed && read.isTimed && shared > 0 && shared * 2 >= shorter;
}

/** How many words of a newer state have left already. @param {KeptResult} former @param {ReadResult} read */
export function leftOf(former, read) {
  const said = former.words.slice(0, former.left);
  const last = said.at(-1);
  if (!last) return 0;
  const { words } = read;
  if (said.every((word, at) => isAlike(word, words[at]))) return said.length;
  if (!former.isTimed || !read.isTimed) return Math.min(said.length, words.length);
  const distance = (/** @type {HeardWord | undefined} */ word) => Math.abs((word?.endMs ?? Infinity) - last.endMs);
  // One word for another is what recognisers change most.
  if (distance(words[said.length - 1]) <= SHIFT_MS / 2) return said.length;
  const byTime = leadingCount(words, (word) => middle(word) < last.endMs);
  const near = [byTime, byTime + 1, byTime - 1].filter((count) => distance(words[count - 1]) <= SHIFT_MS);
  return near.find((count) => isAlike(last, words[count - 1])) ?? byTime;
}

/**
 * How many words a new result begins with that are known. Where most of them are others than those at
 * their time, the recogniser's clock has stepped back, and all are new.
 * @param {HeardWord[]} words @param {HeardWord[]} known
 */
export function repeatsOf(words, known) {
  const border = lastEnd(known);
  const early = words.slice(0, leadingCount(words, (word) => middle(word) < border));
  const found = early.filter((word) => known.some((other) => isAlike(word, other) && isNear(word, other)));
  return found.length * 2 >= early.length ? early.length : 0;
}

/** @param {HeardWord[]} words @param {(word: HeardWord) => boolean} test */
function leadingCount(words, test) {
  const end = words.findIndex((word) => !test(word));
  return end < 0 ? words.length : end;
}

/** @param {HeardWord} word @param {HeardWord} other */
function isNear(word, other) {
  return word.startMs <= other.endMs + SHIFT_MS && other.startMs <= word.endMs + SHIFT_MS;
}

/** Recognisers change case and punctuation late. @param {HeardWord} word @param {HeardWord | undefined} other */
function isAlike(word, other) {
  return other !== undefined && (word.text === other.text || fold(word.text) === fold(other.text));
}

/** @param {string} text */
function fold(text) {
  return text.toLowerCase().replace(/[\p{P}\s]+/gu, "") || text;
}

/** @param {HeardWord} word */
export function middle({ startMs, endMs }) {
  return (startMs + endMs) / 2;
}

/** @param {HeardWord[]} words */
export function lastEnd(words) {
  return words.at(-1)?.endMs ?? 0;
}
