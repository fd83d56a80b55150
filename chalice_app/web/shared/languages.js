/** Languages on the page: their own names, and controls to pick one. */

/** @typedef {import("./api.js").Language} Language */

/** Sorts by the names that people look for: their own. */
export function byNativeName(languages) {
  const collator = new Intl.Collator(undefined, { sensitivity: "base" });
  return [...languages].sort((a, b) => collator.compare(a.nativeName, b.nativeName));
}

/** The name of a code, for reports on languages that are no longer offered, too. */
export function nativeName(languages, code) {
  return languages.find((language) => language.code === code)?.nativeName ?? code;
}

/** A code's direction; the base language's, for a code that is not in the list. */
export function directionOf(languages, code) {
  const base = code.split("-")[0];
  const found =
    languages.find((language) => language.code === code) ??
    languages.find((language) => language.code.split("-")[0] === base);
  // `auto` takes it from the text itself.
  return found?.direction ?? "auto";
}

/**
 * A name, and how good the engine is at it where it is less than good: nobody is to be surprised.
 * @param {Language} language @param {(quality: string) => string | undefined} wordFor
 */
export function labelled({ nativeName: name, quality }, wordFor) {
  const note = quality && wordFor(quality);
  // Isolated: the name and the note may run in different directions.
  return note ? `\u2068${name}\u2069 \u2013 \u2068${note}\u2069` : name;
}

/**
 * Fills a select with languages by their own names.
 * @param {HTMLSelectElement} select @param {Language[]} languages
 * @param {string} chosen "" adds an entry that asks for a choice
 * @param {string} ask that entry's text
 * @param {(language: Language) => string} label
 */
export function fillSelect(select, languages, chosen, ask, label = (each) => each.nativeName) {
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
