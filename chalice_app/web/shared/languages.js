/** Languages on the page: their own names, their direction, and controls to choose one. */
import { element } from "./elements.js";

/** Sorts by the names that people look for: their own. @param {Language[]} languages */
function byNativeName(languages) {
  const collator = new Intl.Collator(undefined, { sensitivity: "base" });
  return [...languages].sort((a, b) => collator.compare(a.nativeName, b.nativeName));
}

/** The code itself where the language is not offered any more. @param {Language[]} languages @param {string} code */
export function nativeName(languages, code) {
  return languages.find((language) => language.code === code)?.nativeName ?? code;
}

/** The base language's direction where the list lacks the code. @param {Language[]} languages @param {string} code */
export function directionOf(languages, code) {
  const base = code.split("-")[0];
  const found =
    languages.find((language) => language.code === code) ??
    languages.find((language) => language.code.split("-")[0] === base);
  // `auto` takes it from the text itself.
  return found?.direction ?? "auto";
}

/** The language of a caption's text. @param {Caption} caption */
export function languageOf({ untranslated, sourceLanguage, language }) {
  return untranslated ? sourceLanguage : language;
}

/**
 * A language's name, with a note where its engine is less than good.
 * @param {Language} language @param {(quality: string) => string | undefined} noteFor
 */
export function labelled({ nativeName: name, quality }, noteFor) {
  const note = quality && noteFor(quality);
  // Isolated: the name and the note may run in different directions.
  return note ? `\u2068${name}\u2069 \u2013 \u2068${note}\u2069` : name;
}

/**
 * Fills a select with languages by their own names.
 * @param {HTMLSelectElement} select @param {Language[]} languages
 * @param {string} chosen "" adds an entry that asks for a choice
 * @param {string} ask that entry's text
 */
export function fillSelect(select, languages, chosen, ask, label = (/** @type {Language} */ each) => each.nativeName) {
  const options = byNativeName(languages).map((language) => {
    const option = new Option(label(language), language.code, false, language.code === chosen);
    option.lang = language.code;
    option.dir = language.direction;
    return option;
  });
  if (!chosen) {
    const none = new Option(ask, "", true, true);
    none.disabled = true;
    options.unshift(none);
  }
  select.replaceChildren(...options);
}

/**
 * A list item with a button for each language, by their own names.
 * @param {Language[]} languages @param {(language: Language) => string} label
 * @param {(code: string) => void} chosen
 */
export function languageButtons(languages, label, chosen) {
  return byNativeName(languages).map((language) => {
    const { code: lang, direction: dir } = language;
    const button = element("button", "", label(language));
    Object.assign(button, { type: "button", lang, dir });
    button.addEventListener("click", () => chosen(lang));
    const item = element("li");
    item.append(button);
    return item;
  });
}
