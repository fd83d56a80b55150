/** Puts the page's words into the document, in the language that the listener reads. */
import { nearest } from "./matching.js";
import { ar, ca, de, gl, it } from "./words-more.js";
import { en, es, fr, pt } from "./words.js";

const WORDS = { en, es, pt, fr, it, ca, gl, de, ar };

let current = en;

/** @param {keyof typeof en} key */
export function word(key) {
  return current[key];
}

/**
 * Writes every element's words: `data-word` is its text, `data-label` its accessible name.
 * @param {readonly string[]} wanted language tags, the best first
 */
export function speak(wanted) {
  const codes = Object.keys(WORDS);
  const code = wanted.map((tag) => nearest(tag, codes)).find(Boolean) ?? "en";
  current = WORDS[code];
  document.documentElement.lang = code;
  document.documentElement.dir = current.direction;
  for (const element of document.querySelectorAll("[data-word]")) {
    element.textContent = current[element.dataset.word];
  }
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", current[element.dataset.label]);
  }
}
