/**
 * Writes words as text: with spaces or without, as their script has it, and counts them. This module
 * does not touch the page.
 */

/** Scripts without spaces between words. Korean has spaces. */
const SPACELESS = String.raw`\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Bopo}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}々ー`;
/** Those of them that have none beside other scripts either: `iPhone手机`, but `ใช้ iPhone`. */
const CLOSE = String.raw`\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Bopo}々ー。、，！？；：「」『』（）《》`;
const HAS_SPACELESS = new RegExp(`[${SPACELESS}]`, "u");
const STARTS_SPACELESS = new RegExp(`^[${SPACELESS}]`, "u");
const ENDS_SPACELESS = new RegExp(`[${SPACELESS}\\p{M}]$`, "u");
const STARTS_CLOSE = new RegExp(`^[${CLOSE}]`, "u");
const ENDS_CLOSE = new RegExp(`[${CLOSE}]$`, "u");
const PHRASES = /[^。！？｡။៕។]*(?:[。！？｡။៕។]+[\p{Pe}\p{Pf}"]*|$)/gu;
/** About two characters of Chinese or Japanese are a word. Only counts where the browser cannot (Firefox before 125). */
const CHARACTERS_A_WORD = 2;
/** No word is longer, whatever the browser finds. */
const MOST_CHARACTERS_A_WORD = 10;

/** So many words on each side show where a word without spaces ends. */
const CONTEXT = 8;

/** Languages whose articles and pronouns lose their vowel before the next word: `l'` `home`. */
const ELIDES = ["ca", "fr", "it", "oc"];
/** An ending that recognisers may give as a word of its own. */
const CLITIC = /^['’](?:s|m|re|ve|ll|d|t)$/iu;

/** The browser's own; it takes a millisecond to make. @type {Intl.Segmenter | null} */
let browsers = null;

/** @param {string} text */
export function isSpaceless(text) {
  return HAS_SPACELESS.test(text);
}

/** A phrase without spaces at its stops, and where it is longer than `longest`, at its words. @param {string} text @param {number} longest */
export function splitSpaceless(text, longest) {
  const phrases = text.match(PHRASES)?.filter(Boolean) ?? [];
  return phrases.flatMap((part) => (part.length > longest ? withPunctuation(part) : [part]));
}

/** Punctuation stays with the word before it. @param {string} text */
function withPunctuation(text) {
  /** @type {string[]} */
  const parts = [];
  for (const { segment, isWordLike } of segmentsOf(text)) {
    if (!isWordLike && parts.length) parts[parts.length - 1] += segment;
    else parts.push(segment);
  }
  return parts;
}

/**
 * Whether a cut after so many words would be in the middle of one, in a script without spaces.
 * @param {HeardWord[]} words @param {number} count
 */
export function splitsWord(words, count) {
  const [left, right] = [words[count - 1], words[count]];
  if (!left || !right || left.after || right.before) return false;
  if (!ENDS_SPACELESS.test(left.text) || !STARTS_SPACELESS.test(right.text)) return false;
  const [before, after] = [words.slice(Math.max(0, count - CONTEXT), count), words.slice(count, count + CONTEXT)].map(
    (some) => some.map(({ text }) => text).join(""),
  );
  let end = 0;
  for (const { segment } of segmentsOf(`${before}${after}`)) {
    end += segment.length;
    if (end >= (before ?? "").length) return end > (before ?? "").length;
  }
  return false;
}

/** @param {string} text @returns {Iterable<{segment: string, isWordLike?: boolean}>} */
function segmentsOf(text) {
  if (Intl.Segmenter) {
    browsers ??= new Intl.Segmenter(undefined, { granularity: "word" });
    return browsers.segment(text);
  }
  const pairs = text.match(new RegExp(`.\\p{M}*(?:.\\p{M}*){0,${CHARACTERS_A_WORD - 1}}`, "gsu")) ?? [];
  return pairs.map((segment) => ({ segment, isWordLike: /[\p{L}\p{N}]/u.test(segment) }));
}

/** @param {HeardWord[]} words @param {string} language its tag */
export function written(words, language) {
  let text = "";
  let last = "";
  for (const word of words) {
    const own = writtenWord(word, language);
    text += (text && gap(last, own, language)) + own;
    last = own;
  }
  return text;
}

/** @param {HeardWord} word @param {string} language */
function writtenWord({ before, text, after }, language) {
  if (!before && !after) return text;
  const isFrench = /^fr\b(?!-CA)/i.test(language);
  const opening = isFrench ? before.replace(/«$/, "« ") : before;
  const dashed = after.replace(/^[–—]/, " $&");
  return opening + text + (isFrench ? dashed.replace(/[?!;:]+|»/g, " $&") : dashed);
}

/** What stands between two words. @param {string} left @param {string} right @param {string} language */
function gap(left, right, language) {
  if (ENDS_CLOSE.test(left) || STARTS_CLOSE.test(right)) return "";
  if (ENDS_SPACELESS.test(left) && STARTS_SPACELESS.test(right)) return "";
  if (/[\p{L}\p{N}][-/]$/u.test(left) || CLITIC.test(right)) return "";
  return /\p{L}['’]$/u.test(left) && ELIDES.includes(baseOf(language)) ? "" : " ";
}

/** @param {string} language */
export function baseOf(language) {
  return (language.toLowerCase().split("-")[0] ?? "").replace(/^(?:cmn|yue)$/, "zh");
}

/**
 * How many words there are up to each of these: with spaces each is one; without, as many as the
 * browser finds in what is written, because recognisers give characters, words or phrases. Without its
 * help two characters are a word.
 * @param {HeardWord[]} words @returns {number[]} rising
 */
export function counts(words) {
  const sums = [];
  let sum = 0;
  for (let at = 0; at < words.length; ) {
    const run = runOf(words, at);
    for (const count of countsOfRun(run)) sums.push(sum + count);
    sum = sums.at(-1) ?? sum;
    at += run.length;
  }
  return sums;
}

/** A word, or the words without spaces that begin here. @param {HeardWord[]} words @param {number} at */
function runOf(words, at) {
  let end = at;
  while (end < words.length && isSpaceless(words[end]?.text ?? "")) end += 1;
  return words.slice(at, Math.max(end, at + 1));
}

/** @param {HeardWord[]} run @returns {number[]} */
function countsOfRun(run) {
  if (!isSpaceless(run[0]?.text ?? "")) return [1];
  const parts = run.map(({ text, after }) => text + after);
  /** @type {number[]} */
  const ends = [];
  let end = 0;
  for (const { segment, isWordLike } of segmentsOf(parts.join(""))) {
    end += segment.length;
    if (isWordLike) ends.push(end);
  }
  let reached = 0;
  let count = 0;
  return parts.map((part) => {
    reached += part.length;
    while (count < ends.length && (ends[count] ?? 0) <= reached) count += 1;
    return Math.max(count, Math.floor(reached / MOST_CHARACTERS_A_WORD));
  });
}
