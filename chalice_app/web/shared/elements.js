/** Elements of the page: found by their id, or made with a class and a text. */

/**
 * @template {keyof PageElements} Id
 * @param {Id} id
 * @returns {PageElements[Id]}
 */
export function $(id) {
  return /** @type {any} */ (document.getElementById(id));
}

/** @template {keyof HTMLElementTagNameMap} Tag @param {Tag} tag @param {string} className @param {string} content */
export function element(tag, className = "", content = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.textContent = content;
  return made;
}

/** @param {string} label @param {() => void} act */
export function button(label, act, className = "") {
  const made = element("button", className, label);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}
