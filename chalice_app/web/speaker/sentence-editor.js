/** What the speaker can change of a sentence that was said: its words, in their place, or all of it. */
import { button, element } from "./elements.js";

const STATES = {
  queued: "The change waits for the connection",
  sent: "Sending the change…",
  corrected: "Corrected",
  retracted: "Taken back",
  failed: "",
};

export class SentenceEditor {
  #sentence;
  #words;
  #correct;
  #box = element("textarea", "edit");
  #edit = button("Correct", () => this.#open());
  #takeBack = button("Take back", () => this.#correct(this.#sentence, ""));
  #send = button("Send", () => this.#submit());
  #leave = button("Leave", () => this.#close());
  actions = element("div", "actions");
  note = element("p", "change");

  /**
   * @param {Sentence} sentence @param {HTMLElement} words where it stands
   * @param {(sentence: Sentence, text: string) => void} correct "" takes it back
   */
  constructor(sentence, words, correct) {
    this.#sentence = sentence;
    this.#words = words;
    this.#correct = correct;
    this.note.setAttribute("role", "status");
    this.#send.classList.add("main");
    this.#box.addEventListener("keydown", (event) => this.#onKey(event));
    this.actions.append(this.#edit, this.#takeBack, this.#send, this.#leave);
    this.#box.lang = words.lang;
    this.#box.dir = words.dir;
    this.#showButtons(false);
  }

  /** The sentence has changed. */
  show() {
    const { correction, sequence, text } = this.#sentence;
    const wanted = correction?.following ?? correction?.text;
    const isDue = correction && correction.state !== "failed";
    this.#words.textContent = (isDue && wanted) || text;
    this.#words.classList.toggle("retracted", Boolean(isDue) && wanted === "");
    if (this.note.textContent !== this.#problem()) this.note.textContent = this.#problem();
    this.note.classList.toggle("trouble", correction?.state === "failed");
    for (const [each, name] of /** @type {const} */ ([[this.#edit, "Correct"], [this.#takeBack, "Take back"]])) {
      each.setAttribute("aria-label", `${name} sentence ${sequence}`);
    }
    this.#box.setAttribute("aria-label", `Correct sentence ${sequence}: Enter sends, Escape leaves`);
    if (!this.#box.isConnected) this.#showButtons(false);
  }

  #problem() {
    const { correction } = this.#sentence;
    return correction ? correction.problem || STATES[correction.state] : "";
  }

  /** One that is taken back stays so: no screen has a place for it any more. */
  #canChange() {
    const { state, correction } = this.#sentence;
    const isTakenBack = correction && correction.state !== "failed" && (correction.following ?? correction.text) === "";
    return (state === "reported" || state === "said") && !isTakenBack;
  }

  #open() {
    this.#box.value = this.#words.textContent;
    this.#words.replaceWith(this.#box);
    this.#showButtons(true);
    this.#box.rows = Math.min(8, 1 + Math.ceil(this.#box.value.length / 60));
    this.#box.focus();
  }

  #submit() {
    const text = this.#box.value.trim();
    // Nothing to say instead: "Take back" is a button of its own.
    if (!text) return;
    this.#close();
    if (text !== this.#words.textContent) this.#correct(this.#sentence, text);
  }

  #close() {
    this.#box.replaceWith(this.#words);
    this.#showButtons(false);
    this.#edit.focus();
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.isComposing) return;
    if (event.key === "Escape") this.#close();
    else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#submit();
    }
  }

  /** @param {boolean} isEditing */
  #showButtons(isEditing) {
    const hadFocus = this.actions.contains(document.activeElement);
    this.#edit.hidden = this.#takeBack.hidden = isEditing || !this.#canChange();
    this.#send.hidden = this.#leave.hidden = !isEditing;
    // Or the keyboard's place in the list would be lost.
    if (hadFocus && this.#edit.hidden && !isEditing) {
      this.note.tabIndex = -1;
      this.note.focus();
    }
  }
}
