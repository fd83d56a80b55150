/** A row a sentence: some at a time on the screen, and all of them on paper. */
import { $ } from "./elements.js";
import { columnHeads, count, latency, percent, second, tableRow } from "./report-format.js";
import { bySentence, missed, reachedAll } from "./report-sums.js";

/** A browser lays out so many rows within a frame or two. */
const PAGE = 100;

export class SentenceTable {
  /** @type {ReportRow[]} */
  #rows = [];
  /** @type {RowSum[]} */
  #sums = [];
  #first = 0;
  #nameOf = (/** @type {string} */ code) => code;

  constructor() {
    $("sentences-head").replaceChildren(...columnHeads(["Number", "Spoken at", "Listeners", "Delivered", "Not delivered", "Latency", "Untranslated"]));
    $("of-language").addEventListener("change", () => this.#filter());
    $("only-missed").addEventListener("change", () => this.#filter());
    $("earlier").addEventListener("click", () => this.#turn(-PAGE));
    $("later").addEventListener("click", () => this.#turn(PAGE));
    addEventListener("beforeprint", () => this.#draw(this.#sums));
    addEventListener("afterprint", () => this.#show());
  }

  /** @param {EventReport} report @param {string[]} codes @param {(code: string) => string} nameOf */
  show({ sentences }, codes, nameOf) {
    this.#rows = sentences;
    this.#nameOf = nameOf;
    const chosen = $("of-language").value;
    const options = codes.map((code) => new Option(nameOf(code), code, false, code === chosen));
    $("of-language").replaceChildren(new Option("All languages together", ""), ...options);
    this.#filter();
  }

  #filter() {
    const sums = bySentence(this.#rows, $("of-language").value);
    this.#sums = $("only-missed").checked ? sums.filter((sum) => !reachedAll(sum)) : sums;
    this.#first = 0;
    this.#show();
  }

  /** @param {number} by */
  #turn(by) {
    const next = this.#first + by;
    if (next < 0 || next >= this.#sums.length) return;
    this.#first = next;
    this.#show();
    $("sentences-title").scrollIntoView();
  }

  #show() {
    const all = this.#sums.length;
    const last = Math.min(all, this.#first + PAGE);
    this.#draw(this.#sums.slice(this.#first, last));
    $("sentences-none").hidden = all > 0;
    $("sentences-none").textContent = this.#rows.length ? "Every sentence reached everybody who listened." : "Nobody listened yet.";
    $("shown").textContent = all ? `${count(this.#first + 1)} to ${count(last)} of ${count(all)}` : "";
    $("pager").hidden = all <= PAGE;
    // Never disabled: whoever turns pages by keyboard would lose the focus at the last one.
    $("earlier").setAttribute("aria-disabled", String(this.#first === 0));
    $("later").setAttribute("aria-disabled", String(last >= all));
  }

  /** @param {RowSum[]} sums */
  #draw(sums) {
    $("sentences").replaceChildren(...sums.map((sum) => this.#row(sum)));
  }

  /** @param {RowSum} sum */
  #row(sum) {
    const { sequence, spokenAt, listeners, delivered, latencyMs, untranslated } = sum;
    const made = tableRow([
      count(sequence),
      second(spokenAt),
      count(listeners),
      percent(delivered, listeners),
      missed(sum) || "–",
      latency(latencyMs),
      untranslated.map(this.#nameOf).join(", ") || "–",
    ]);
    if (!reachedAll(sum)) made.className = "missed";
    return made;
  }
}
