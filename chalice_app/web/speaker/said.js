/** What was said, each sentence with what became of it. */
import { directionOf, nativeName } from "./languages.js";

const MOST = 500;

const STATES = {
  queued: "Waits for the connection",
  sent: "Sending…",
  said: "Said; its report was lost with the connection",
  failed: "Not sent",
};

/** "one listener", "2 listeners" */
export function listeners(count) {
  return count === 1 ? "1 listener" : `${count} listeners`;
}

export class Said {
  #list;
  #languages;
  #source;
  #sendAgain;
  #rows = new Map();

  /**
   * @param {HTMLElement} list @param {import("./api.js").Language[]} languages
   * @param {string} source the language that is spoken
   * @param {(sentence: import("./outbox.js").Sentence) => void} sendAgain
   */
  constructor(list, languages, source, sendAgain) {
    this.#list = list;
    this.#languages = languages;
    this.#source = source;
    this.#sendAgain = sendAgain;
  }

  /** @param {import("./outbox.js").Sentence} sentence */
  show(sentence) {
    const row = this.#rows.get(sentence) ?? this.#add(sentence);
    row.dataset.state = sentence.state;
    row.querySelector(".number").textContent = sentence.sequence ? String(sentence.sequence) : "·";
    const report = row.querySelector(".report");
    if (sentence.report) report.replaceChildren(...this.#report(sentence.report));
    else report.replaceChildren(text("span", "summary", STATES[sentence.state]));
    if (sentence.state === "failed") {
      const button = text("button", "", "Send again");
      button.type = "button";
      button.addEventListener("click", () => this.#sendAgain(sentence));
      report.append(button);
    }
  }

  #add(sentence) {
    const row = document.createElement("li");
    const words = text("p", "words", sentence.text);
    words.lang = this.#source;
    words.dir = directionOf(this.#languages, this.#source);
    const report = document.createElement("div");
    report.className = "report";
    row.append(text("span", "number", "·"), words, report);
    this.#list.prepend(row);
    this.#rows.set(sentence, row);
    if (this.#rows.size > MOST) {
      const [oldest, element] = this.#rows.entries().next().value;
      this.#rows.delete(oldest);
      element.remove();
    }
    return row;
  }

  #report({ languages, durationMs }) {
    const entries = Object.entries(languages);
    // As the bars stand: not as the translations happened to come.
    entries.sort(([a, x], [b, y]) => y.listeners - x.listeners || a.localeCompare(b));
    if (entries.length === 0) return [text("span", "summary", "Nobody was listening")];
    const total = (field) => entries.reduce((sum, [, each]) => sum + each[field], 0);
    const reached = `${total("delivered")} of ${listeners(total("listeners"))}, ${durationMs} ms`;
    return [text("span", "summary", reached), ...entries.map((entry) => this.#language(entry))];
  }

  #language([code, { listeners: heads, delivered, gone, dropped, cached, failed, overBudget }]) {
    const notes = [`${delivered} of ${heads}`];
    if (cached) notes.push("from the cache");
    if (gone) notes.push(`${gone} left`);
    if (dropped) notes.push(`${dropped} too late`);
    if (failed) notes.push(overBudget ? "not translated: the budget is used up" : "not translated");
    const chip = document.createElement("span");
    chip.className = failed || dropped ? "chip trouble" : "chip";
    const name = text("bdi", "", nativeName(this.#languages, code));
    name.lang = code;
    chip.append(name, ` ${notes.join(", ")}`);
    return chip;
  }
}

function text(tag, className, content) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.textContent = content;
  return element;
}
