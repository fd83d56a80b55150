/** Writes the page's own words in the language that the listener reads. */
import { nearest } from "./language-matching.js";
import { ar, ca, de, gl, it } from "./words-ar-ca-de-gl-it.js";
import { en, es, fr, pt } from "./words-en-es-fr-pt.js";

/** @typedef {keyof typeof en} Key */

/** @type {Record<string, Record<Key, string>>} */
const WORDS = { en, es, pt, fr, it, ca, gl, de, ar };

/** @type {Record<Key, string>} */
let current = en;

/** @param {Key} key */
export function word(key) {
  return current[key];
}

/**
 * Writes every element's words: `data-word` is its text, `data-label` its accessible name.
 * @param {readonly string[]} wanted language tags, in the order of preference
 */
export function localize(wanted) {
  const codes = Object.keys(WORDS);
  const code = wanted.map((tag) => nearest(tag, codes)).find(Boolean) ?? "en";
  current = WORDS[code] ?? en;
  document.documentElement.lang = code;
  document.documentElement.dir = current.direction;
  const elements = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-word], [data-label]"));
  for (const element of elements) {
    const { word: text, label } = /** @type {Record<string, Key>} */ (element.dataset);
    if (text) element.textContent = word(text);
    if (label) element.setAttribute("aria-label", word(label));
  }
}
