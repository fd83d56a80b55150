/** Which of the offered languages suits a person, by the rules of langcodes (language-fallbacks.js). */
import { FALLBACKS } from "./language-fallbacks.js";

/** A tag in canonical form and without extensions; "" if it is not valid. @param {string} tag */
function plain(tag) {
  try {
    return new Intl.Locale(tag).baseName;
  } catch {
    return "";
  }
}

/** The tag, and the tag without its last part, as long as there is one. @param {string} tag */
function everShorter(tag) {
  const parts = tag.split("-");
  return parts.map((_, dropped) => parts.slice(0, parts.length - dropped).join("-"));
}

/** The row of the first that has one. @param {string[]} tags */
function row(tags) {
  const known = tags.find((tag) => Object.hasOwn(FALLBACKS, tag));
  return known === undefined ? undefined : FALLBACKS[known]?.split(" ");
}

/**
 * The offered language nearest to a tag, as the server finds it (domain/languages.py).
 * @param {string} sent a tag as a browser or a link has it @param {string[]} offered codes
 */
export function nearest(sent, offered) {
  const tag = sent.replaceAll("_", "-");
  if (offered.includes(tag)) return tag;
  const shorter = everShorter(plain(tag));
  const near = row(everShorter(tag)) ?? row(shorter) ?? shorter;
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
