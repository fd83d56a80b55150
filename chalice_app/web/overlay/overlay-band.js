/** One language's lines on the screen. A band holds few elements, however long the talk. */
import { element } from "./elements.js";
import { languageOf } from "./languages.js";
import { CaptionFlow } from "./overlay-flow.js";
import { breakLines } from "./overlay-lines.js";
import { Timers } from "./timers.js";

export class OverlayBand {
  #element = element("div", "band");
  #ruler = element("p", "ruler");
  #directionOf;
  #lines;
  #isBlocks;
  #flow;
  /** The language of what is on the screen, by its sequence: a caption may be untranslated. @type {Map<number, string>} */
  #languages = new Map();
  #timers = /** @type {Timers<"step">} */ (new Timers());

  /**
   * @param {HTMLElement} bands where it stands
   * @param {{ lines: number, isBlocks: boolean }} options
   * @param {(code: string) => string} directionOf a language's writing direction
   */
  constructor(bands, { lines, isBlocks }, directionOf) {
    this.#lines = lines;
    this.#isBlocks = isBlocks;
    this.#directionOf = directionOf;
    this.#flow = new CaptionFlow(isBlocks ? 1 : lines);
    this.#ruler.ariaHidden = "true";
    this.#element.append(this.#ruler);
    bands.append(this.#element);
    // A page that is not seen may have slept over its timers.
    document.addEventListener("visibilitychange", () => this.#advance());
    window.addEventListener("resize", () => this.clear());
  }

  /** @param {Caption} caption */
  show(caption) {
    this.#flow.add(caption.sequence, this.#steps(caption), performance.now());
    this.#advance();
  }

  /** @param {Caption} caption */
  correct(caption) {
    this.#flow.replace(caption.sequence, this.#steps(caption), performance.now());
    this.#advance();
  }

  /** @param {number} sequence */
  retract(sequence) {
    this.#flow.retract(sequence);
    this.#advance();
  }

  clear() {
    this.#flow.clear();
    this.#advance();
  }

  /** @param {Caption} caption @returns {string[]} lines, or blocks of lines */
  #steps(caption) {
    const language = languageOf(caption);
    this.#languages.set(caption.sequence, language);
    this.#ruler.lang = language;
    this.#ruler.dir = this.#directionOf(language);
    const lines = breakLines(this.#ruler, caption.text);
    if (!this.#isBlocks) return lines;
    const blocks = [];
    for (let at = 0; at < lines.length; at += this.#lines) blocks.push(lines.slice(at, at + this.#lines).join("\n"));
    return blocks;
  }

  #advance() {
    const now = performance.now();
    const next = this.#flow.advance(now);
    this.#timers.cancel();
    if (next < Infinity) this.#timers.after("step", Math.max(20, next - now), () => this.#advance());
    this.#draw();
  }

  #draw() {
    const lines = this.#flow.shown.flatMap(({ sequence, text }) =>
      text.split("\n").map((line) => this.#line(line, this.#languages.get(sequence) ?? "")),
    );
    const known = new Set(this.#flow.sequences);
    for (const sequence of this.#languages.keys()) if (!known.has(sequence)) this.#languages.delete(sequence);
    const there = [...this.#element.querySelectorAll(".line")];
    const isSame = lines.length === there.length && lines.every((line, at) => line.isEqualNode(there[at] ?? null));
    if (!isSame) this.#element.replaceChildren(this.#ruler, ...lines);
  }

  /** @param {string} text @param {string} language */
  #line(text, language) {
    const line = element("p", "line", text);
    line.dataset.text = text;
    line.lang = language;
    line.dir = this.#directionOf(language);
    return line;
  }
}
