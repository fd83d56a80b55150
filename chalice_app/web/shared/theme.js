// The chosen theme and text size, and the radio buttons that choose a theme. A classic script, run before
// the page is painted: a module would run later, and the page would flash in another theme.
(() => {
  const root = document.documentElement;
  const matches = (/** @type {string} */ query) => window.matchMedia(query).matches;

  /** The system's theme, until a person chooses. */
  function systemTheme() {
    if (matches("(prefers-contrast: more)")) return "high";
    return matches("(prefers-color-scheme: light)") ? "light" : "dark";
  }

  /** As browser-storage.js does it. @param {string} name */
  function recall(name) {
    try {
      return localStorage.getItem(name) ?? "";
    } catch {
      return "";
    }
  }

  /** @param {string} theme */
  function choose(theme) {
    root.dataset.theme = theme;
    try {
      localStorage.setItem("theme", theme);
    } catch {
      // Not allowed: the theme lasts until the page is closed.
    }
  }

  const theme = recall("theme");
  root.dataset.theme = ["dark", "light", "high"].includes(theme) ? theme : systemTheme();
  const size = Number(recall("size"));
  root.dataset.size = Number.isInteger(size) && size >= 1 && size <= 6 ? String(size) : "3";

  document.addEventListener("DOMContentLoaded", () => {
    const radios = /** @type {NodeListOf<HTMLInputElement>} */ (document.getElementsByName("theme"));
    for (const radio of radios) {
      radio.checked = radio.value === root.dataset.theme;
      radio.addEventListener("change", () => choose(radio.value));
    }
  });
})();
