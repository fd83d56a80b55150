/**
 * Whether a sentence ends with a word. This module does not touch the page.
 */
import { kindOf } from "./abbreviations.js";
import { opens } from "./function-words.js";
import { baseOf } from "./words-joined.js";

const STOP = /[\p{Sentence_Terminal}…]$/u;
/** The Greek question mark is written as a semicolon. */
const GREEK_STOP = /[\p{Sentence_Terminal}…;\u037E]$/u;
const CLOSERS = /[\p{Pe}\p{Pf}\p{Pi}"'\s]+$/u;
const CLAUSE = /[,;:،؛、，；：、–—]$/u;

/**
 * With a stop in the stable part. What an abbreviation's dot means is seen at the next word: without
 * one this is false, and the pause decides.
 * @param {HeardWord} word @param {HeardWord | undefined} next @param {HeardWord} first the sentence's
 * @param {string} language its tag
 */
export function endsSentence(word, next, first, language) {
  if (!word.after) return false;
  const after = word.after.replace(CLOSERS, "");
  const isStop = (baseOf(language) === "el" ? GREEK_STOP : STOP).test(after);
  if (!isStop || !word.isAfterStable) return false;
  const isOpen = /^\p{Lu}/u.test(first.text) && next !== undefined && /^\p{Ll}/u.test(next.text);
  if (after !== "." && after !== "．") return /(?:…|\.\.)$/.test(after) ? !isOpen : true;
  return endsWithDot(word, next, language) && !isOpen;
}

/** @param {HeardWord} word @param {HeardWord | undefined} next @param {string} language */
function endsWithDot(word, next, language) {
  const startsNew = next !== undefined && opens(next.text, language);
  switch (kindOf(word.text, language)) {
    case "leading":
      return false;
    case "trailing":
    case "initial":
    case "ordinal":
      return startsNew;
    case "numbered":
    case "number":
      return next ? !/^[\d]/.test(next.text) : word.endsResult;
    default:
      return true;
  }
}

/** Whether a clause ends with the word: not a number that goes on, as `1`, `000` or `9`: `30`. @param {HeardWord} word @param {HeardWord | undefined} next */
export function endsClause(word, next) {
  if (!word.after || !word.isAfterStable || !CLAUSE.test(word.after.replace(CLOSERS, ""))) return false;
  return !(/\d$/.test(word.text) && /^\d/.test(next?.text ?? ""));
}
