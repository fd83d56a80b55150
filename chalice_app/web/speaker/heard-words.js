/**
 * From a recogniser's items to words that carry their punctuation and have times. Whatever cannot be
 * read is left out. This module does not touch the page.
 */
import { isSpaceless, splitSpaceless } from "./words-joined.js";

/** Eleven days: a later time is a mistake. */
const LATEST_MS = 1e9;
/** In code points: a longer word is cut, so that thirty of them are a text that the protocol takes. */
const LONGEST_WORD = 100;
const PIECES = new RegExp(`.{1,${LONGEST_WORD}}`, "gsu");
const LONGEST_PUNCTUATION = 8;
/** A word without spaces that is longer is a phrase. */
const LONGEST_SPACELESS = 20;

const OPENING = /^[\p{Ps}\p{Pi}¿¡"]+/u;
const CLOSING = /[\p{Sentence_Terminal}\p{Terminal_Punctuation}…\p{Pe}\p{Pf}"]+$/u;
const PUNCTUATION = /^[\p{Sentence_Terminal}\p{Terminal_Punctuation}…\p{Ps}\p{Pe}\p{Pi}\p{Pf}\p{Pd}¿¡"'\s]+$/u;
const OPENS = /^[\p{Ps}\p{Pi}¿¡]/u;

/**
 * @typedef {{text: string, before: string, after: string, startMs: number | null, endMs: number | null,
 *   isStable: boolean, isAfterStable: boolean, size: number}} RawWord
 * @typedef {{id: string, isFinal: boolean, words: HeardWord[], startMs: number, endMs: number,
 *   isTimed: boolean, lead: string}} ReadResult
 */

/**
 * @param {unknown} result of any shape
 * @param {number} fallbackMs the time of words for which the result has none
 * @returns {ReadResult | null} null where it is not a result
 */
export function readResult(result, fallbackMs) {
  if (!isRecord(result)) return null;
  const isFinal = result.partial === false;
  const { words, lead } = wordsOf(Array.isArray(result.items) ? result.items : [], isFinal);
  const startMs = time(result.startMs);
  const endMs = time(result.endMs);
  const isTimed = endMs !== null || words.some((word) => word.endMs !== null);
  const first = startMs ?? words.find((word) => word.startMs !== null)?.startMs ?? fallbackMs;
  const timed = withTimes(words, first, endMs);
  const last = timed.at(-1);
  if (last) last.endsResult = isFinal;
  return {
    id: String(result.id),
    isFinal,
    words: timed,
    startMs: timed[0]?.startMs ?? first,
    endMs: Math.max(endMs ?? 0, last?.endMs ?? first),
    isTimed,
    lead,
  };
}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
function isRecord(value) {
  return typeof value === "object" && value !== null;
}

/** @param {unknown} value @returns {number | null} whole milliseconds */
export function time(value) {
  const isTime = typeof value === "number" && value >= 0 && value <= LATEST_MS;
  return isTime ? Math.round(value) : null;
}

/** `lead`: punctuation that belongs to the word before the result. @param {unknown[]} items @param {boolean} isFinal */
function wordsOf(items, isFinal) {
  /** @type {RawWord[]} */
  const words = [];
  let opening = "";
  let lead = "";
  let isQuoted = false;
  for (const item of items) {
    const content = contentOf(item);
    if (!content || !isRecord(item)) continue;
    const isStable = isFinal || item.stable === true;
    if (!PUNCTUATION.test(content)) {
      const times = { startMs: time(item.startMs), endMs: time(item.endMs) };
      const pieces = piecesOf(content);
      pieces.forEach((piece, at) => words.push(rawWord(piece, share(times, at, pieces.length), isStable)));
      const first = words[words.length - pieces.length];
      if (first) first.before = opening + first.before;
      opening = "";
      continue;
    }
    const isQuote = content === '"';
    if (isQuote) isQuoted = !isQuoted;
    const word = words.at(-1);
    if (OPENS.test(content) || (isQuote && isQuoted)) opening = (opening + content).slice(0, LONGEST_PUNCTUATION);
    else if (word) addAfter(word, content, isStable);
    else if (isStable) lead = (lead + content).slice(0, LONGEST_PUNCTUATION);
  }
  return { words, lead };
}

/** @param {unknown} item */
function contentOf(item) {
  if (!isRecord(item) || typeof item.content !== "string") return "";
  return item.content
    .replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]+/gu, " ")
    .normalize("NFC")
    .trim();
}

/** @param {RawWord} word @param {string} punctuation @param {boolean} isStable */
function addAfter(word, punctuation, isStable) {
  word.isAfterStable = word.isStable && isStable && (word.isAfterStable || !word.after);
  if (word.after.length < LONGEST_PUNCTUATION) word.after += punctuation.slice(0, LONGEST_PUNCTUATION);
}

/** The words of an item, which ought to be one. @param {string} content @returns {string[]} */
function piecesOf(content) {
  const words = content.split(/\s+/);
  const pieces = words.flatMap((word) => (isSpaceless(word) ? splitSpaceless(word, LONGEST_SPACELESS) : [word]));
  return pieces.flatMap((piece) => (piece.length > LONGEST_WORD ? (piece.match(PIECES) ?? []) : [piece]));
}

/** @param {{startMs: number | null, endMs: number | null}} times @param {number} at @param {number} count */
function share({ startMs, endMs }, at, count) {
  if (count === 1 || startMs === null || endMs === null) return { startMs, endMs };
  const step = Math.max(0, endMs - startMs) / count;
  return { startMs: Math.round(startMs + step * at), endMs: Math.round(startMs + step * (at + 1)) };
}

/** @param {string} piece @param {{startMs: number | null, endMs: number | null}} times @param {boolean} isStable @returns {RawWord} */
function rawWord(piece, times, isStable) {
  const before = OPENING.exec(piece)?.[0] ?? "";
  const rest = piece.slice(before.length);
  const after = CLOSING.exec(rest)?.[0] ?? "";
  const text = rest.slice(0, rest.length - after.length);
  return { text, before, after, ...times, isStable, isAfterStable: isStable, size: 1 };
}

/**
 * Times rise from word to word. Words without a time share what lies between their neighbours.
 * @param {RawWord[]} raw @param {number} from @param {number | null} to @returns {HeardWord[]}
 */
function withTimes(raw, from, to) {
  /** @type {HeardWord[]} */
  const words = [];
  let reached = from;
  raw.forEach((word, at) => {
    const startMs = Math.max(reached, word.startMs ?? reached);
    const endMs = Math.max(startMs, word.endMs ?? guessEnd(raw, at, startMs, to));
    reached = endMs;
    const { text, before, after, isStable, isAfterStable } = word;
    words.push({ text, before, after, startMs, endMs, isStable, isAfterStable, endsResult: false });
  });
  return words;
}

/** @param {RawWord[]} raw @param {number} at @param {number} startMs @param {number | null} to */
function guessEnd(raw, at, startMs, to) {
  let next = at + 1;
  while (next < raw.length && raw[next]?.startMs === null) next += 1;
  const limit = raw[next]?.startMs ?? to ?? startMs;
  return Math.round(startMs + Math.max(0, limit - startMs) / (next - at));
}
