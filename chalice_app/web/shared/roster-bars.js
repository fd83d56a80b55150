/**
 * The roster as bars: one for each language, longest first, moving as listeners come and go. Beside the
 * listeners of a language stands how many of them hear its voice.
 */
import { element } from "./elements.js";
import { nativeName } from "./languages.js";

export class RosterBars {
  #list;
  #languages;
  /** @type {Map<string, {row: HTMLElement, heads: HTMLElement, fill: HTMLElement}>} */
  #bars = new Map();

  /** @param {HTMLElement} list @param {Language[]} languages */
  constructor(list, languages) {
    this.#list = list;
    this.#languages = languages;
  }

  /** The languages that somebody listens to. */
  get codes() {
    return [...this.#bars.keys()];
  }

  /** @param {Counts} counts @param {Counts} voices those of them who hear the language's voice */
  show(counts, voices = {}) {
    const entries = Object.entries(counts).filter(([, count]) => count > 0);
    entries.sort(([a, m], [b, n]) => n - m || a.localeCompare(b));
    const most = Math.max(1, ...entries.map(([, count]) => count));
    for (const [code, { row }] of this.#bars) {
      if (!counts[code]) {
        row.remove();
        this.#bars.delete(code);
      }
    }
    entries.forEach(([code, count], place) => {
      const { row, heads, fill } = this.#bars.get(code) ?? this.#add(code);
      heads.textContent = `${count}${hearing(voices[code] ?? 0)}`;
      fill.style.setProperty("--share", String(count / most));
      const there = this.#list.children[place] ?? null;
      if (there !== row) this.#list.insertBefore(row, there);
    });
  }

  /** @param {string} code */
  #add(code) {
    const row = element("li");
    row.dataset.language = code;
    const name = element("span");
    const native = element("bdi", "", nativeName(this.#languages, code));
    native.lang = code;
    name.append(native);
    const bar = { row, heads: element("span", "heads"), fill: element("span", "bar-fill") };
    row.append(name, bar.heads, bar.fill);
    this.#bars.set(code, bar);
    return bar;
  }
}

/** @param {number} count */
function hearing(count) {
  return count > 0 ? `, ${count} ${count === 1 ? "hears" : "hear"} it` : "";
}
