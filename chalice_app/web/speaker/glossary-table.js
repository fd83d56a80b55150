/** The glossary's table: a row a term, a column a language. Enter goes down, and a pasted block fills it. */
import { button, element } from "./elements.js";
import { directionOf, nativeName } from "./languages.js";
import { cellsOf, isEmpty, row as emptyRow, rowsFromCells } from "./glossary-rows.js";

/** @typedef {{line: HTMLElement, source: HTMLInputElement, keep: HTMLInputElement, caseSensitive: HTMLInputElement, targets: Record<string, HTMLInputElement>, problem: HTMLElement, row: TermRow}} Line */

/** For the ids that tie a field to what is wrong in it. */
let ids = 0;

export class GlossaryTable {
  table = element("table", "terms");
  #head = element("tr");
  #body = element("tbody");
  #languages;
  #source;
  #changed;
  /** @type {string[]} */
  codes = [];
  /** @type {Line[]} */
  #lines = [];

  /** @param {Language[]} languages @param {string} source the language that is spoken @param {() => void} changed */
  constructor(languages, source, changed) {
    this.#languages = languages;
    this.#source = source;
    this.#changed = changed;
    const head = element("thead");
    head.append(this.#head);
    this.table.append(head, this.#body);
    this.#body.addEventListener("keydown", (event) => this.#onKey(event));
    this.#body.addEventListener("paste", (event) => this.#onPaste(event));
  }

  get rows() {
    return this.#lines.map(({ row, source, keep, caseSensitive, targets }) => {
      const said = Object.entries(targets).map(([code, { value }]) => [code, value]);
      return {
        source: source.value,
        keep: keep.checked,
        caseSensitive: caseSensitive.checked,
        targets: { ...row.targets, ...Object.fromEntries(said) },
      };
    });
  }

  /** An empty row follows, for the next word. @param {TermRow[]} rows @param {string[]} codes its columns */
  show(rows, codes = this.codes) {
    this.codes = codes;
    const names = codes.map((code) => {
      const name = element("th", "", nativeName(this.#languages, code));
      name.lang = code;
      return name;
    });
    const heads = ["Said", "Keep as it is", "Exact capitals"].map((text) => element("th", "", text));
    this.#head.replaceChildren(...heads, ...names, element("td"));
    for (const each of [...heads, ...names]) each.scope = "col";
    const used = rows.slice(0, rows.findLastIndex((each) => !isEmpty(each)) + 1);
    this.#lines = [...used, emptyRow()].map((each) => this.#line(each));
    this.#body.replaceChildren(...this.#lines.map(({ line }) => line));
    this.#number();
  }

  /** Adds an empty row, where there is none, and goes there. */
  add() {
    if (this.#lines.at(-1)?.source.value) this.#append();
    this.#lines.at(-1)?.source.focus();
  }

  /** @param {number} place @param {string} text what is wrong in that row; "" for nothing */
  mark(place, text) {
    const line = this.#lines[place];
    if (!line) return;
    line.problem.textContent = text;
    line.source.setAttribute("aria-invalid", String(Boolean(text)));
  }

  /** @param {number} place */
  focus(place) {
    this.#lines[place]?.source.focus();
  }

  #append() {
    const line = this.#line(emptyRow());
    this.#lines.push(line);
    this.#body.append(line.line);
    this.#number();
  }

  /** @param {TermRow} row @returns {Line} */
  #line(row) {
    const line = element("tr");
    const keep = this.#check(row.keep);
    const caseSensitive = this.#check(row.caseSensitive);
    const source = this.#input(row.source, this.#source);
    const problem = element("p", "problem");
    problem.id = `term-${(ids += 1)}`;
    source.setAttribute("aria-describedby", problem.id);
    /** @type {Record<string, HTMLInputElement>} */
    const targets = {};
    for (const code of this.codes) {
      const input = this.#input(row.targets[code] ?? "", code);
      input.addEventListener("input", () => (keep.checked = keep.checked && !input.value));
      targets[code] = input;
    }
    const made = { line, source, keep, caseSensitive, targets, problem, row };
    const remove = button("Remove", () => this.#remove(made), "remove");
    const cells = [cell("Said", source, problem), cell("Keep as it is", labelled(keep, "Keep as it is"))];
    cells.push(cell("Exact capitals", labelled(caseSensitive, "Exact capitals")));
    for (const code of this.codes) {
      cells.push(cell(nativeName(this.#languages, code), /** @type {HTMLElement} */ (targets[code])));
    }
    line.append(...cells, cell("", remove));
    return made;
  }

  /** @param {string} value @param {string} language */
  #input(value, language) {
    const input = element("input");
    Object.assign(input, { value, lang: language, dir: directionOf(this.#languages, language), autocomplete: "off" });
    input.spellcheck = false;
    input.addEventListener("input", this.#changed);
    return input;
  }

  /** @param {boolean} checked */
  #check(checked) {
    const input = element("input");
    Object.assign(input, { type: "checkbox", checked });
    input.addEventListener("change", this.#changed);
    return input;
  }

  /** @param {Line} line */
  #remove(line) {
    const place = this.#lines.indexOf(line);
    this.#lines.splice(place, 1);
    line.line.remove();
    if (this.#lines.length === 0) this.#append();
    this.#number();
    this.focus(Math.min(place, this.#lines.length - 1));
    this.#changed();
  }

  /** Each control says which row it is in: not every reader shows a table's heads. */
  #number() {
    this.#lines.forEach(({ source, keep, caseSensitive, targets, line }, place) => {
      const name = (/** @type {Element | null} */ each, /** @type {string} */ text) =>
        each?.setAttribute("aria-label", `${text}, row ${place + 1}`);
      name(source, "Said");
      name(keep, "Keep as it is");
      name(caseSensitive, "Exact capitals");
      for (const [code, input] of Object.entries(targets)) name(input, nativeName(this.#languages, code));
      name(line.querySelector("button"), "Remove");
    });
  }

  /** The line and the column of a text field. @param {EventTarget | null} target */
  #place(target) {
    const at = this.#lines.findIndex(({ line }) => line.contains(/** @type {Node} */ (target)));
    const fields = this.#fields(at);
    return { at, column: fields.indexOf(/** @type {HTMLInputElement} */ (target)) };
  }

  /** @param {number} at */
  #fields(at) {
    const line = this.#lines[at];
    return line ? [line.source, ...Object.values(line.targets)] : [];
  }

  /** As in a spreadsheet. @param {KeyboardEvent} event */
  #onKey(event) {
    const step = { Enter: 1, ArrowDown: 1, ArrowUp: -1 }[event.key];
    const { at, column } = this.#place(event.target);
    if (!step || event.isComposing || column < 0) return;
    event.preventDefault();
    if (event.key === "Enter" && at === this.#lines.length - 1) this.#append();
    this.#fields(at + step)[column]?.focus();
  }

  /** A block of a spreadsheet fills the table from this field on. @param {ClipboardEvent} event */
  #onPaste(event) {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    const { at, column } = this.#place(event.target);
    if (column < 0 || !/[\t\n]/.test(text.trim())) return;
    event.preventDefault();
    const columns = ["source", ...this.codes].slice(column);
    const { rows } = rowsFromCells(cellsOf(text, "\t"), columns, this.#languages.map(({ code }) => code));
    const there = this.rows;
    const pasted = rows.map((each, index) => {
      const old = there[at + index] ?? emptyRow();
      const targets = { ...old.targets, ...each.targets };
      const keep = each.keep && !Object.values(targets).some(Boolean);
      return { ...each, source: each.source || old.source, keep, targets };
    });
    const codes = new Set([...this.codes, ...rows.flatMap(({ targets }) => Object.keys(targets))]);
    there.splice(at, rows.length, ...pasted);
    this.show(there, [...codes]);
    this.focus(at + rows.length);
    this.#changed();
  }
}

/** @param {string} name shown where the table has no head @param {HTMLElement[]} content */
function cell(name, ...content) {
  const made = element("td");
  made.dataset.name = name;
  made.append(...content);
  return made;
}

/** @param {HTMLInputElement} check @param {string} text */
function labelled(check, text) {
  const made = element("label");
  made.append(check, element("span", "", text));
  return made;
}
