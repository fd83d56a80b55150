// A classic script, loaded before the page is painted: the chosen look must not flash in late.
(() => {
  const root = document.documentElement;
  const asked = (query) => window.matchMedia(query).matches;

  /** What the system asks for, until somebody chooses. */
  function systemTheme() {
    if (asked("(prefers-contrast: more)")) return "high";
    return asked("(prefers-color-scheme: light)") ? "light" : "dark";
  }

  /** A setting that outlives the page, where the browser allows that. */
  function recall(name) {
    try {
      return localStorage.getItem(name);
    } catch {
      return null;
    }
  }

  const theme = recall("theme");
  root.dataset.theme = ["dark", "light", "high"].includes(theme) ? theme : systemTheme();
  const size = Number(recall("size"));
  root.dataset.size = Number.isInteger(size) && size >= 1 && size <= 6 ? String(size) : "3";
})();
