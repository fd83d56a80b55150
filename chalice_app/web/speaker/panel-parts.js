/** What the parts of the panel "What remains" are made of. */
import { copyText } from "./copy-text.js";
import { button, element } from "./elements.js";

/** @param {string} title @param {...(HTMLElement | string)} content */
export function part(title, ...content) {
  const made = element("section", "remains-part");
  made.append(element("h3", "", title), ...content);
  return made;
}

/** A control with its name. @param {string} name @param {HTMLElement} control */
export function field(name, control) {
  const label = element("label", "field", name);
  label.append(control);
  return label;
}

/** @param {[value: string, text: string][]} choices @param {string} [chosen] */
export function select(choices, chosen = "") {
  const made = element("select");
  made.append(...choices.map(([value, text]) => new Option(text, value, value === chosen, value === chosen)));
  return made;
}

/**
 * A button that copies a text, and says so.
 * @param {string} label @param {() => string} text @param {HTMLElement} shown @returns {HTMLButtonElement}
 */
export function copyButton(label, text, shown) {
  const made = button(label, () => copyText(made, text(), shown));
  return made;
}
