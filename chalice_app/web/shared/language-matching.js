/** Which of the offered languages suits a person, by the rules of langcodes (language-fallbacks.js). */
import { FALLBACKS } from "./language-fallbacks.js";

/** A tag in canonical case and without extensions; "" if it is not valid. @param {string} tag */
function plain(tag) {
  try {
    return new Intl.Locale(tag).baseName;
  } catch {
    return "";
  }
}

/**
 * A tag's row in a table, or that of the tag without its last parts.
 * @param {Record<string, string>} table @param {string} tag
 */
function row(table, tag) {
  for (let rest = tag; rest; rest = rest.slice(0, Math.max(0, rest.lastIndexOf("-")))) {
    if (Object.hasOwn(table, rest)) return table[rest];
  }
  return undefined;
}

/**
 * The offered language nearest to a tag.
 * @param {string} tag @param {string[]} offered codes
 */
export function nearest(tag, offered) {
  if (offered.includes(tag)) return tag;
  const near = (row(FALLBACKS, tag) ?? row(FALLBACKS, plain(tag)) ?? "").split(" ");
  return near.find((code) => code && offered.includes(code));
}

/**
 * The first of a person's languages that is offered, in some form.
 * @param {readonly string[]} wanted in the order of preference @param {string[]} offered codes
 */
export function bestLanguage(wanted, offered) {
  for (const tag of wanted) {
    const code = nearest(tag, offered);
    if (code) return code;
  }
  return undefined;
}
