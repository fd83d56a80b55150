/** What a person has chosen, kept in this browser where it allows that. */

export const THEMES = ["dark", "light", "high"];
export const SIZES = 6;

/** @param {string} name @returns {string | null} */
export function recall(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

/** @param {string} name @param {string} value */
export function keep(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // A private window: the choice holds until the page goes.
  }
}

/** Makes radio buttons named "theme" choose the look. */
export function wireThemes() {
  for (const radio of document.querySelectorAll("input[name=theme]")) {
    radio.checked = radio.value === document.documentElement.dataset.theme;
    radio.addEventListener("change", () => {
      document.documentElement.dataset.theme = radio.value;
      keep("theme", radio.value);
    });
  }
}

/**
 * Makes two buttons choose the captions' size.
 * @param {HTMLButtonElement} smaller @param {HTMLButtonElement} larger
 * @param {() => void} changed called after each change
 */
export function wireSizes(smaller, larger, changed) {
  const data = document.documentElement.dataset;
  const show = () => {
    // Not `disabled`: a button that goes while it has the focus leaves the keyboard nowhere.
    smaller.setAttribute("aria-disabled", String(data.size === "1"));
    larger.setAttribute("aria-disabled", String(data.size === String(SIZES)));
  };
  const step = (by) => () => {
    data.size = String(Math.min(SIZES, Math.max(1, Number(data.size) + by)));
    keep("size", data.size);
    show();
    changed();
  };
  smaller.addEventListener("click", step(-1));
  larger.addEventListener("click", step(1));
  show();
}
