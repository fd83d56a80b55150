/** The glossary's panel: names and words as they are to be said, and words that are never shown. */
import { asApiError, passHeaders, request } from "./api.js";
import { button, element } from "./elements.js";
import { GlossaryTable } from "./glossary-table.js";
import * as glossary from "./glossary-rows.js";
import { keepGlossary } from "./kept-glossary.js";
import { fillSelect } from "./languages.js";
import { loadStyle } from "./load-style.js";
import { saveFile } from "./save-file.js";
import { sendJson } from "./speaker-api.js";

const INTRODUCTION =
  "Say what a name is called in each language, or keep it as it is. A block from a spreadsheet can be pasted. " +
  "What you save is in force from the next sentence.";

export class GlossaryPanel {
  #session;
  #languages;
  #listened;
  #say;
  #isDirty = false;
  #table;
  #dialog = element("dialog", "glossary");
  #addLanguage = element("select");
  #blocked = element("textarea");
  #file = element("input");
  #size = element("p", "hint");
  #state = element("p", "hint");
  #problem = element("p", "problem");
  #save = button("Save", () => this.save(), "main");

  /**
   * @param {HeldSession} session @param {Language[]} languages @param {() => string[]} listened
   * @param {(text: string) => void} say on the page below, what is in force
   */
  constructor(session, languages, listened, say) {
    this.#session = session;
    this.#languages = languages.filter(({ code }) => code !== session.sourceLanguage);
    this.#listened = listened;
    this.#say = say;
    this.#table = new GlossaryTable(languages, session.sourceLanguage, () => this.#changed());
    this.#build();
  }

  async open() {
    this.#dialog.showModal();
    if (this.#isDirty) return;
    this.#problem.textContent = "";
    try {
      this.#show(await request(this.#path(), { headers: passHeaders({ token: this.#session.speakerToken }) }));
    } catch (error) {
      this.#show({ terms: [], blocked: [] });
      this.#problem.textContent = `${problemText(error)} What is in force could not be read: saving replaces it.`;
    }
  }

  /** Puts words of an earlier session in force; the panel opens when they are refused. @param {Glossary} kept */
  async use(kept) {
    this.#show(kept);
    if (await this.save()) return;
    this.#isDirty = true;
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  /** @returns {Promise<boolean>} whether it is in force now */
  async save() {
    if (this.#save.disabled || !this.#isSound()) return false;
    const { terms, places } = glossary.termsOf(this.#table.rows);
    const words = { terms, blocked: this.#blockedWords() };
    this.#save.disabled = true;
    try {
      await sendJson("PUT", this.#path(), words, this.#session.speakerToken);
    } catch (error) {
      this.#refused(error, places);
      return false;
    } finally {
      this.#save.disabled = false;
    }
    this.#isDirty = false;
    keepGlossary(this.#session, words);
    const saved = `${counted(terms.length, "word")}, ${counted(words.blocked.length, "blocked word")}`;
    this.#state.textContent = `Saved. In force from the next sentence: ${saved}.`;
    this.#say(`${saved} in force`);
    return true;
  }

  /** @param {Glossary} words */
  #show({ terms, blocked }) {
    const rows = glossary.rowsOf(terms);
    const known = this.#languages.map(({ code }) => code);
    const listened = this.#listened().filter((code) => known.includes(code));
    this.#table.show(rows, [...new Set([...listened, ...glossary.codesOf(rows)])]);
    this.#blocked.value = blocked.join("\n");
    this.#changed();
    this.#isDirty = false;
  }

  /** Says what is wrong before anything is sent. */
  #isSound() {
    const rows = this.#table.rows;
    const problems = rows.map(glossary.problemOf);
    problems.forEach((text, place) => this.#table.mark(place, text));
    const first = problems.findIndex(Boolean);
    this.#problem.textContent = first < 0 ? this.#beyondLimits(rows) : `Row ${first + 1}: ${problems[first]}`;
    if (first >= 0) this.#table.focus(first);
    return !this.#problem.textContent;
  }

  /** @param {TermRow[]} rows */
  #beyondLimits(rows) {
    const { terms, blocked, bytes } = this.#sizes(rows);
    if (terms > glossary.MOST_TERMS) return `Too many words: ${terms}, of ${glossary.MOST_TERMS} at most`;
    if (blocked > glossary.MOST_BLOCKED) return `Too many blocked words: ${blocked}, of ${glossary.MOST_BLOCKED} at most`;
    return bytes > glossary.MOST_BYTES ? "Too large: 100 KB at most" : "";
  }

  /** @param {TermRow[]} rows */
  #sizes(rows) {
    const words = { terms: glossary.termsOf(rows).terms, blocked: this.#blockedWords() };
    const { length: bytes } = new TextEncoder().encode(JSON.stringify(words));
    return { terms: words.terms.length, blocked: words.blocked.length, bytes };
  }

  /** @param {unknown} error @param {number[]} places each term's row */
  #refused(error, places) {
    const { details = {}, message } = asApiError(error);
    // The server counts terms; rows may be empty.
    const wrong = message.replace(/^\w+ \d+: /, "");
    const place = places[details.term ?? -1];
    this.#problem.textContent = `Not saved. ${problemText(error)}`;
    if (details.blocked !== undefined) {
      this.#problem.textContent = `Blocked word ${details.blocked + 1}: ${wrong}`;
      this.#blocked.focus();
    } else if (place !== undefined) {
      this.#problem.textContent = `Row ${place + 1}: ${wrong}`;
      this.#table.mark(place, wrong);
      this.#table.focus(place);
    }
  }

  #changed() {
    this.#isDirty = true;
    this.#state.textContent = "";
    const { terms, blocked, bytes } = this.#sizes(this.#table.rows);
    const [most, mostBlocked] = [glossary.MOST_TERMS, glossary.MOST_BLOCKED];
    const size = `${Math.ceil(bytes / 1000)} of 100 KB`;
    this.#size.textContent = `${terms} of ${most} words, ${blocked} of ${mostBlocked} blocked words, ${size}`;
    const left = this.#languages.filter(({ code }) => !this.#table.codes.includes(code));
    // Not at each key: it sorts.
    if (this.#addLanguage.length !== left.length + 1) fillSelect(this.#addLanguage, left, "", "Add a language");
  }

  #blockedWords() {
    return this.#blocked.value.split("\n").map((each) => each.trim()).filter(Boolean);
  }

  async #read() {
    const [file] = this.#file.files ?? [];
    if (!file) return;
    const offered = this.#languages.map(({ code }) => code);
    const cells = glossary.cellsOf(await file.text());
    const { rows, blocked, unknown } = glossary.rowsFromCells(cells, ["source", ...this.#table.codes], offered);
    this.#file.value = "";
    const all = [...this.#table.rows.filter((each) => !glossary.isEmpty(each)), ...rows];
    this.#table.show(all, [...new Set([...this.#table.codes, ...glossary.codesOf(all)])]);
    this.#blocked.value = [...new Set([...this.#blockedWords(), ...blocked])].join("\n");
    this.#changed();
    this.#problem.textContent = unknown.length ? `Left out, because columns are named by codes such as es: ${unknown.join(", ")}` : "";
  }

  #download() {
    const text = glossary.writeCsv(this.#table.rows, this.#table.codes, this.#blockedWords());
    const blob = new Blob([text], { type: "text/csv" });
    saveFile({ blob, name: `words-${this.#session.sourceLanguage}.csv` });
  }

  #path() {
    return `sessions/${encodeURIComponent(this.#session.sessionId)}/glossary`;
  }

  #build() {
    const title = element("h2", "", "Names and words");
    Object.assign(title, { id: "words-title", tabIndex: -1, autofocus: true });
    this.#dialog.setAttribute("aria-labelledby", title.id);
    this.#addLanguage.setAttribute("aria-label", "Add a language");
    this.#addLanguage.addEventListener("change", () => {
      this.#table.show(this.#table.rows, [...this.#table.codes, this.#addLanguage.value]);
      this.#changed();
    });
    Object.assign(this.#file, { type: "file", accept: ".csv,.tsv,.txt,text/csv", hidden: true });
    this.#file.addEventListener("change", () => this.#read());
    const tools = element("div", "row");
    tools.append(
      this.#addLanguage,
      button("Open a CSV file", () => this.#file.click()),
      button("Save as CSV", () => this.#download()),
      this.#file,
    );
    const scroller = element("div", "scroller");
    scroller.append(this.#table.table);
    const label = element("label", "", "Blocked words, one a line");
    label.append(element("span", "hint", "They are masked in every language."), this.#blocked);
    this.#blocked.rows = 3;
    this.#blocked.addEventListener("input", () => this.#changed());
    this.#size.id = "words-size";
    this.#save.setAttribute("aria-describedby", this.#size.id);
    this.#state.setAttribute("role", "status");
    this.#problem.setAttribute("role", "alert");
    const end = element("div", "row end");
    end.append(this.#problem, this.#save, button("Close", () => this.#dialog.close()), this.#size, this.#state);
    const add = button("Add a word", () => this.#table.add());
    this.#dialog.append(title, element("p", "hint", INTRODUCTION), tools, scroller, add, label, end);
    this.#dialog.addEventListener("close", () => this.#isDirty && this.#say("Changes are not saved"));
    document.body.append(this.#dialog);
  }
}

/** @param {unknown} error */
function problemText(error) {
  const { status, code, message, retryAfterMs } = asApiError(error);
  if (status === 0) return "The server does not answer. Try again.";
  if (status === 429) return `Too fast: try again in ${Math.ceil(retryAfterMs / 1000)} s.`;
  if (code === "SESSION_NOT_FOUND") return "The session is over.";
  return message || "The server refused it.";
}

/** @param {number} count @param {string} thing */
function counted(count, thing) {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}

/** Waits for the panel's style. @param {ConstructorParameters<typeof GlossaryPanel>} options */
export async function openPanel(...options) {
  await loadStyle(new URL("./glossary.css", import.meta.url));
  return new GlossaryPanel(...options);
}
