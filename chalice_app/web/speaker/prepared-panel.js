/** The panel of a prepared text: its form, its list, and the keys of a presenter's remote. */
import { $, button, element } from "./elements.js";
import { Preparation } from "./preparation.js";
import { PreparedList } from "./prepared-list.js";
import { restorePlace, storePlace, storedText, storeText } from "./prepared-storage.js";
import { linesOf, PreparedText } from "./prepared-text.js";
import { isTooLong, readTextFile, TOO_LONG } from "./text-file.js";

/** @type {Record<string, number>} */
const KEYS = { PageDown: 1, ArrowRight: 1, PageUp: -1, ArrowLeft: -1 };
const TYPING = "textarea, select, input:not([type=checkbox], [type=radio], [type=file])";
const HOW =
  "Each line is cut into its sentences. Blank lines, and lines that begin with #, are not sent: they part the " +
  "text in the list.";
const KEYS_ON = "Page Down, → or a presenter’s remote sends the next sentence; Page Up or ← goes back without sending.";
const KEYS_OFF = "The cursor is in a text box: the keys of the remote belong to it. Press Tab, or click on the list.";
const NOT_KEPT = "This browser does not keep the text: a reload loses it.";
const NOT_NOW = "Nothing is sent now: the session is paused, or another tab speaks in it.";

export class PreparedPanel {
  #options;
  /** @type {PreparedText | null} */
  #prepared = null;
  #list = new PreparedList(
    (index) => this.#prepared?.moveTo(index),
    (direction) => this.#prepared?.step(direction),
  );
  #languages = 0;
  #preparation;
  #form = element("form");
  #box = element("textarea");
  #cancel = button("Cancel", () => this.#edit(false));
  #problem = element("p", "problem");
  #run = element("div", "run");
  #next = button("Send the next sentence", () => this.#send(), "main next");
  #status = element("p");
  #hint = element("p", "hint", KEYS_ON);
  #estimate = element("p", "hint");
  #ready = element("p", "hint");
  #kept = element("p", "hint");

  /**
   * @param {HTMLElement} place @param {DirectedWay} options
   */
  constructor(place, options) {
    this.#options = options;
    this.#preparation = new Preparation(options.sessionId, options.token, (text) => {
      this.#ready.textContent = text;
    });
    this.#build();
    place.replaceChildren(this.#form, this.#run);
    document.addEventListener("keydown", (event) => this.#pressed(event));
    document.addEventListener("focusin", () => this.#showKeys());
    document.addEventListener("focusout", () => this.#showKeys());
    const text = storedText(options.sessionId);
    if (text) this.#resume(text);
    else this.#edit(true);
  }

  /** @param {Sentence} sentence */
  became(sentence) {
    this.#prepared?.became(sentence);
  }

  /** @param {ErrorMessage} error */
  refused(error) {
    this.#prepared?.refused(error);
  }

  /** @param {string[]} codes into which a sentence would be translated now */
  listened(codes) {
    this.#languages = codes.length;
    this.#preparation.listened(codes);
    this.#showEstimate();
  }

  /** What words become has changed. */
  reworded() {
    this.#preparation.reworded();
  }

  /** What `mayGo` answers may have changed. */
  refresh() {
    this.#show();
  }

  /** After a reload the page has put the cursor into the empty box, where the remote would be dead. @param {string} text */
  #resume(text) {
    this.#use(text);
    if (document.activeElement === $("text") && !$("text").value) this.#next.focus({ preventScroll: true });
  }

  #build() {
    const { language, direction } = this.#options;
    this.#box.rows = 6;
    this.#box.lang = language;
    this.#box.dir = direction;
    const file = element("input");
    file.type = "file";
    file.accept = ".txt,.md,text/plain";
    file.addEventListener("change", () => file.files?.[0] && this.#open(file.files[0], file));
    const use = element("button", "main", "Use this text");
    const actions = element("div", "row");
    actions.append(use, this.#cancel);
    this.#problem.setAttribute("role", "alert");
    this.#form.append(
      labelled("Paste a text", this.#box),
      labelled("Or open a text file (UTF-8)", file),
      element("p", "hint", HOW),
      actions,
      this.#problem,
    );
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#take(this.#box.value);
    });
    // A held Enter or Space clicks again and again.
    this.#next.addEventListener("keydown", (event) => event.repeat && event.preventDefault());
    this.#status.setAttribute("role", "status");
    const tools = element("div", "row");
    tools.append(
      button("Back", () => this.#prepared?.step(-1)),
      button("Change the text", () => this.#edit(true)),
    );
    this.#run.append(this.#next, this.#status, this.#list.list, tools, this.#hint, this.#ready, this.#estimate, this.#kept);
  }

  /** @param {File} file @param {HTMLInputElement} input */
  async #open(file, input) {
    const { text, problem } = await readTextFile(file);
    // The same file, changed, can be opened again.
    input.value = "";
    if (problem) this.#problem.textContent = problem;
    else this.#take(text);
  }

  /** @param {string} text */
  #take(text) {
    const isEmpty = !linesOf(text, this.#options.language).some(({ isHeading }) => !isHeading);
    this.#problem.textContent = isTooLong(text) ? TOO_LONG : isEmpty ? "There is no sentence in this text." : "";
    if (this.#problem.textContent) return;
    const isKept = storeText(this.#options.sessionId, text);
    this.#kept.textContent = isKept ? "" : NOT_KEPT;
    this.#use(text);
    this.#next.focus();
  }

  /** The beginning that is the same stays sent, and the place in it. @param {string} text */
  #use(text) {
    const { sessionId, language, direction, say } = this.#options;
    const former = this.#prepared;
    const lines = linesOf(text, language);
    this.#prepared = new PreparedText(lines, say, () => this.#show());
    this.#list.fill(lines, language, direction);
    this.#box.value = text;
    if (former) this.#prepared.goOnFrom(former);
    else restorePlace(sessionId, this.#prepared);
    this.#edit(false);
    this.#show();
  }

  /** @param {boolean} isEdited */
  #edit(isEdited) {
    this.#form.hidden = !isEdited;
    this.#run.hidden = isEdited;
    this.#cancel.hidden = this.#prepared === null;
    if (isEdited && this.#prepared) this.#box.focus();
  }

  #send() {
    if (this.#prepared && !this.#prepared.sendNext() && !this.#prepared.isAtEnd) {
      this.#status.textContent = NOT_NOW;
    }
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const direction = KEYS[event.key];
    const hasModifier = event.ctrlKey || event.altKey || event.metaKey || event.shiftKey;
    if (!direction || hasModifier || !this.#prepared || this.#run.closest("[hidden], details:not([open])")) return;
    if (document.querySelector("dialog[open]") || isTyping(event.target, event.key)) return;
    event.preventDefault();
    if (event.repeat) return;
    if (direction > 0) this.#send();
    else this.#prepared.step(-1);
  }

  #show() {
    if (!this.#prepared) return;
    const { lines, place, isAtEnd, waiting } = this.#prepared;
    const isSentence = (/** @type {PreparedLine} */ { isHeading }) => !isHeading;
    const count = lines.filter(isSentence).length;
    const next = lines.slice(0, place).filter(isSentence).length + 1;
    const status = isAtEnd ? `The end: all ${count} have had their turn.` : `Next: sentence ${next} of ${count}.`;
    this.#status.textContent = waiting ? `${status} ${waiting} wait: the server asks for patience.` : status;
    this.#next.disabled = isAtEnd;
    // Not `disabled`: it would lose the focus, and with it the keys, whenever the line is lost.
    this.#next.setAttribute("aria-disabled", String(!this.#options.mayGo()));
    this.#list.show(lines, place);
    this.#preparation.ahead(lines.slice(place).filter(isSentence).map(({ text }) => text));
    this.#showEstimate();
    storePlace(this.#options.sessionId, this.#prepared);
  }

  #showEstimate() {
    const left = this.#prepared?.charactersLeft ?? 0;
    const translated = (left * this.#languages).toLocaleString("en-GB");
    const many = this.#languages === 1 ? "1 language" : `${this.#languages} languages`;
    this.#estimate.textContent =
      left && this.#languages
        ? `Still to come: ${left.toLocaleString("en-GB")} characters; in ${many}, ${translated} of the session’s translation budget at most.`
        : "";
  }

  #showKeys() {
    const hint = isTyping(document.activeElement, "") ? KEYS_OFF : KEYS_ON;
    if (this.#hint.textContent !== hint) this.#hint.textContent = hint;
  }
}

/** Whether a key belongs to what has the focus. @param {EventTarget | null} target @param {string} key */
function isTyping(target, key) {
  if (!(target instanceof Element)) return false;
  return target.matches(TYPING) || (key.startsWith("Arrow") && target.matches("[type=radio]"));
}

/** @param {string} text @param {HTMLElement} control */
function labelled(text, control) {
  const label = element("label", "", text);
  label.append(control);
  return label;
}
