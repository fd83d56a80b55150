/**
 * Cuts what is longer than a sentence may be: at the ends of sentences, then of clauses, then of words,
 * and inside a word between its graphemes. This module does not touch the page.
 */

/** The protocol's limit, in code points. */
const MOST_CHARACTERS = 4_000;
/** What Amazon Translate takes in one call, in UTF-8. */
const MOST_BYTES = 10_000;

const SENTENCES = /[^]*?(?:[.!?…؟۔।]+[\p{Pe}\p{Pf}"']*\s+|[。！？]+[\p{Pe}\p{Pf}]*\s*|\n+|$)/gu;
const CLAUSES = /[^]*?(?:[,;:،؛…–—]+\s+|[、，；：]+\s*|$)/gu;
const WORDS = /\S+\s*|\s+/gu;
/** Marks, joiners, flags and skin tones stay with what they belong to. */
const GRAPHEMES =
  /\r\n|\p{RI}{2}|[^](?:\u200D\p{Extended_Pictographic}|[\p{M}\u{1F3FB}-\u{1F3FF}\u{E0020}-\u{E007F}\u200D])*/gu;

const encoder = new TextEncoder();

/** @typedef {(text: string, language: string) => string[]} Cut */
/** @type {Cut[]} coarse to fine */
const CUTS = [
  sentencesOf,
  (text) => text.match(CLAUSES) ?? [],
  (text) => text.match(WORDS) ?? [],
  (text, language) => segments(text, language, "word") ?? [text],
  (text, language) => segments(text, language, "grapheme") ?? text.match(GRAPHEMES) ?? [],
  (text) => [...text],
];

/**
 * The text in parts that are sent one by one; itself where it is short enough. All of it is in them,
 * but for the white space around a cut.
 * @param {string} text @param {string} language its tag
 */
export function partsOf(text, language) {
  return cut(text.trim(), language, 0)
    .map((part) => part.trim())
    .filter(Boolean);
}

/** All of a text, cut where its sentences end; white space stays. @param {string} text @param {string} language its tag */
export function sentencesOf(text, language) {
  return segments(text, language, "sentence") ?? text.match(SENTENCES) ?? [];
}

/** @param {string} text @param {string} language @param {number} level of `CUTS` @returns {string[]} */
function cut(text, language, level) {
  const finer = CUTS[level];
  if (fits(sizeOf(text)) || !finer) return [text];
  const parts = [];
  let part = "";
  let size = { characters: 0, bytes: 0 };
  for (const unit of finer(text, language)) {
    const own = sizeOf(unit);
    const both = { characters: size.characters + own.characters, bytes: size.bytes + own.bytes };
    if (fits(both)) {
      part += unit;
      size = both;
      continue;
    }
    if (part) parts.push(part);
    const pieces = fits(own) ? [unit] : cut(unit, language, level + 1);
    part = pieces.pop() ?? "";
    size = sizeOf(part);
    parts.push(...pieces);
  }
  return part ? [...parts, part] : parts;
}

/** @param {string} text */
function sizeOf(text) {
  return { characters: [...text].length, bytes: encoder.encode(text).length };
}

/** @param {{characters: number, bytes: number}} size */
function fits({ characters, bytes }) {
  return characters <= MOST_CHARACTERS && bytes <= MOST_BYTES;
}

/**
 * The browser's own cuts; null where it has none (Firefox before 125).
 * @param {string} text @param {string} language @param {"sentence" | "word" | "grapheme"} granularity
 */
function segments(text, language, granularity) {
  if (!Intl.Segmenter) return null;
  /** @type {string[]} */
  const found = [];
  for (const { segment, isWordLike } of new Intl.Segmenter(language, { granularity }).segment(text)) {
    // Punctuation stays with the word before it.
    if (granularity === "word" && !isWordLike && found.length) found[found.length - 1] += segment;
    else found.push(segment);
  }
  return found;
}
