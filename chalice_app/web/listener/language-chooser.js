/** One button for each offered language, for a listener whose browser names none of them. */
import { $, element } from "./elements.js";
import { byNativeName } from "./languages.js";

/**
 * @param {Language[]} languages @param {(language: Language) => string} label
 * @param {(code: string) => void} chosen
 */
export function showChooser(languages, label, chosen) {
  const items = byNativeName(languages).map((language) => {
    const { code: lang, direction: dir } = language;
    const button = element("button", "", label(language));
    Object.assign(button, { type: "button", lang, dir });
    button.addEventListener("click", () => chosen(lang));
    const item = element("li");
    item.append(button);
    return item;
  });
  $("choices").replaceChildren(...items);
  $("chooser").hidden = false;
}
