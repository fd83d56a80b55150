/** The list of a prepared text's sentences, with the place in it. */
import { button, element } from "./elements.js";

/** @type {Record<string, string>} */
const MARKS = {
  waits: "waits",
  queued: "waits for the connection",
  sent: "on its way",
  said: "sent",
  reported: "sent",
  failed: "not sent",
  unanswered: "no answer",
};

export class PreparedList {
  list = element("ol", "script");
  #moved;
  /** @type {{row: HTMLElement, button: HTMLElement | null, mark: HTMLElement}[]} */
  #rows = [];
  #place = -1;

  /** @param {(index: number) => void} moved the speaker has chosen a place @param {(direction: number) => void} stepped */
  constructor(moved, stepped) {
    this.#moved = moved;
    this.list.setAttribute("aria-label", "Sentences of the prepared text");
    this.list.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
      event.preventDefault();
      stepped(event.key === "ArrowDown" ? 1 : -1);
      this.#rows[this.#place]?.button?.focus();
    });
  }

  /** @param {readonly PreparedLine[]} lines @param {string} language @param {string} direction */
  fill(lines, language, direction) {
    this.#rows = lines.map((line, index) => this.#row(line, index));
    this.#place = -1;
    this.list.lang = language;
    this.list.dir = direction;
    this.list.replaceChildren(...this.#rows.map(({ row }) => row));
  }

  /** @param {readonly PreparedLine[]} lines @param {number} place */
  show(lines, place) {
    lines.forEach(({ mark }, index) => {
      const row = this.#rows[index];
      if (!row || row.row.dataset.state === mark) return;
      row.row.dataset.state = mark;
      row.mark.textContent = MARKS[mark] ?? "";
    });
    if (place !== this.#place) this.#showPlace(place);
  }

  /** Only the place is a stop of the Tab key: a long text would be a long way. @param {number} place */
  #showPlace(place) {
    const former = this.#rows[this.#place]?.button;
    former?.removeAttribute("aria-current");
    if (former) former.tabIndex = -1;
    this.#place = place;
    const current = this.#rows[place];
    current?.button?.setAttribute("aria-current", "step");
    // After the end, the last one: the list can be scrolled by keyboard.
    const stop = current?.button ?? this.#rows.findLast(({ button }) => button)?.button;
    if (stop) stop.tabIndex = 0;
    const seen = current?.row ?? this.#rows.at(-1)?.row;
    // Not `scrollIntoView`, which would scroll the page, too.
    if (seen) this.list.scrollTop = seen.offsetTop - this.list.clientHeight / 3;
  }

  /** @param {PreparedLine} line @param {number} index */
  #row({ text, isHeading, isParagraph }, index) {
    const row = element("li", isParagraph ? "paragraph" : "");
    const mark = element("span", "mark");
    if (isHeading) {
      row.append(element("strong", "", text));
      return { row, button: null, mark };
    }
    const choice = button("", () => this.#moved(index));
    choice.tabIndex = -1;
    mark.lang = "en";
    mark.dir = "ltr";
    choice.append(element("span", "words", text), " ", mark);
    row.append(choice);
    return { row, button: choice, mark };
  }
}
