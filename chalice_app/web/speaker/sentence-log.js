/** The list "Said so far": each sentence with its state, and then with its delivery report. */
import { button, element } from "./elements.js";
import { directionOf, nativeName } from "./languages.js";
import { SentenceEditor } from "./sentence-editor.js";

const MOST_ROWS = 500;

const STATES = {
  queued: "Waits for the connection",
  sent: "Sending…",
  said: "Said; its report was lost with the connection",
  failed: "Not sent",
  unanswered: "No answer came: it may have been heard",
  reported: "",
};

/** "1 listener", "2 listeners" @param {number} count */
export function listeners(count) {
  return count === 1 ? "1 listener" : `${count} listeners`;
}

export class SentenceLog {
  #list;
  #languages;
  #source;
  #sendAgain;
  #correct;
  /** @type {Map<Sentence, {row: HTMLElement, number: HTMLElement, report: HTMLElement, editor: SentenceEditor}>} */
  #rows = new Map();

  /**
   * @param {HTMLElement} list @param {Language[]} languages
   * @param {string} source the language that is spoken
   * @param {(sentence: Sentence) => void} sendAgain
   * @param {(sentence: Sentence, text: string) => void} correct "" takes it back
   */
  constructor(list, languages, source, sendAgain, correct) {
    this.#list = list;
    this.#languages = languages;
    this.#source = source;
    this.#sendAgain = sendAgain;
    this.#correct = correct;
  }

  /** @param {Sentence} sentence */
  show(sentence) {
    const { row, number, report, editor } = this.#rows.get(sentence) ?? this.#add(sentence);
    row.dataset.state = sentence.state;
    editor.show();
    number.textContent = sentence.sequence ? String(sentence.sequence) : "·";
    if (sentence.report) report.replaceChildren(...this.#report(sentence.report));
    else report.replaceChildren(element("span", "summary", STATES[sentence.state]));
    if (sentence.state === "failed" || sentence.state === "unanswered") {
      report.append(button("Send again", () => this.#sendAgain(sentence)));
    }
  }

  /** @param {Sentence} sentence */
  #add(sentence) {
    const row = element("li");
    const words = element("p", "words", sentence.text);
    words.lang = this.#source;
    words.dir = directionOf(this.#languages, this.#source);
    const editor = new SentenceEditor(sentence, words, this.#correct);
    const added = { row, number: element("span", "number", "·"), report: element("div", "report"), editor };
    row.append(added.number, words, editor.actions, editor.note, added.report);
    this.#list.prepend(row);
    this.#rows.set(sentence, added);
    const [oldest] = this.#rows;
    if (oldest && this.#rows.size > MOST_ROWS) {
      this.#rows.delete(oldest[0]);
      oldest[1].row.remove();
    }
    return added;
  }

  /** @param {Spoken | Corrected} report */
  #report({ languages, durationMs }) {
    const entries = Object.entries(languages);
    // In the order of the bars: the report has them in the order in which translations came.
    entries.sort(([a, x], [b, y]) => y.listeners - x.listeners || a.localeCompare(b));
    if (entries.length === 0) return [element("span", "summary", "Nobody was listening")];
    const total = (/** @type {"delivered" | "listeners"} */ field) =>
      entries.reduce((sum, [, each]) => sum + each[field], 0);
    const time = durationMs === undefined ? "" : `, ${durationMs} ms`;
    const reached = `${total("delivered")} of ${listeners(total("listeners"))}${time}`;
    return [element("span", "summary", reached), ...entries.map(([code, each]) => this.#language(code, each))];
  }

  /** @param {string} code @param {LanguageReport} report */
  #language(code, { listeners: heads, delivered, gone, dropped, cached, failed, overBudget }) {
    const notes = [`${delivered} of ${heads}`];
    if (cached) notes.push("from the cache");
    if (gone) notes.push(`${gone} left`);
    if (dropped) notes.push(`${dropped} too late`);
    const unreached = heads - delivered - gone - dropped;
    if (unreached > 0) notes.push(`${unreached} not reached`);
    if (failed) notes.push(overBudget ? "not translated: the budget is used up" : "not translated");
    const chip = element("span", failed || dropped || unreached > 0 ? "chip trouble" : "chip");
    const name = element("bdi", "", nativeName(this.#languages, code));
    name.lang = code;
    chip.append(name, ` ${notes.join(", ")}`);
    return chip;
  }
}
