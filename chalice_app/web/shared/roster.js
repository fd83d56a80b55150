/** Who listens: a bar for each language, longest first, moving as people come and go. */
import { nativeName } from "./languages.js";

export class Roster {
  #list;
  #languages;
  #bars = new Map();

  /** @param {HTMLElement} list @param {import("./api.js").Language[]} languages */
  constructor(list, languages) {
    this.#list = list;
    this.#languages = languages;
  }

  /** @param {Record<string, number>} counts listeners by language */
  show(counts) {
    const entries = Object.entries(counts).filter(([, count]) => count > 0);
    entries.sort(([a, m], [b, n]) => n - m || a.localeCompare(b));
    const most = Math.max(1, ...entries.map(([, count]) => count));
    for (const [code, bar] of this.#bars) {
      if (!counts[code]) {
        bar.remove();
        this.#bars.delete(code);
      }
    }
    entries.forEach(([code, count], place) => {
      const bar = this.#bars.get(code) ?? this.#add(code);
      bar.querySelector(".heads").textContent = String(count);
      bar.querySelector(".bar-fill").style.setProperty("--share", String(count / most));
      if (this.#list.children[place] !== bar) {
        this.#list.insertBefore(bar, this.#list.children[place] ?? null);
      }
    });
  }

  #add(code) {
    const bar = document.createElement("li");
    bar.dataset.language = code;
    const name = document.createElement("span");
    const native = document.createElement("bdi");
    native.lang = code;
    native.textContent = nativeName(this.#languages, code);
    name.append(native);
    const heads = document.createElement("span");
    heads.className = "heads";
    const track = document.createElement("span");
    track.className = "bar-fill";
    bar.append(name, heads, track);
    this.#bars.set(code, bar);
    return bar;
  }
}
