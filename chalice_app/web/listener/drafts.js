/**
 * Words of the sentence to come, in grey where its caption will stand. They are outside of the list, which
 * screen readers announce, and hidden from them: words that still change would be read over and over.
 */
import { $, element } from "./elements.js";
import { loadStyle } from "./load-style.js";

/** After so long without another draft nobody knows whether the sentence still comes. */
const QUIET_MS = 10_000;

/** They come with their style. @param {import("./caption-list.js").CaptionList} list */
export async function load(list) {
  await loadStyle(new URL("./drafts.css", import.meta.url));
  return new Drafts(list);
}

export class Drafts {
  #list;
  #block = element("div", "draft");
  #words = element("p");
  #sequence = 0;
  #timer = 0;

  /** @param {import("./caption-list.js").CaptionList} list */
  constructor(list) {
    this.#list = list;
    this.#block.hidden = true;
    this.#block.ariaHidden = "true";
    this.#block.translate = false;
    this.#block.append(this.#words);
    $("captions").after(this.#block);
  }

  /** @param {Draft} draft */
  show({ sequence, language, text }) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.end(), QUIET_MS);
    this.#sequence = sequence;
    keepAtEnd($("viewport"), () => {
      this.#words.lang = language;
      this.#words.dir = this.#list.directionOf(language);
      this.#words.textContent = text;
      this.#block.hidden = !text;
    });
  }

  /** That sentence is on the screen, or was taken back. @param {number} sequence none: whatever is shown goes */
  end(sequence = Infinity) {
    if (this.#sequence > sequence) return;
    clearTimeout(this.#timer);
    this.#words.textContent = "";
    this.#block.hidden = true;
  }
}

/**
 * A reader who is at the end stays there; for everybody else nothing moves, not even under a slow finger.
 * @param {HTMLElement} viewport @param {() => void} change
 */
function keepAtEnd(viewport, change) {
  const { scrollHeight, scrollTop, clientHeight } = viewport;
  change();
  if (scrollHeight - scrollTop - clientHeight < 2) viewport.scrollTop = viewport.scrollHeight;
}
