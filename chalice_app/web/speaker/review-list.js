/** The list of sentences that are held for review, with its switch. Loaded once the speaker has asked for it. */
import { keep, recall } from "./browser-storage.js";
import { $, button, element } from "./elements.js";
import { Review } from "./review.js";

/** @typedef {{row: HTMLElement, box: HTMLTextAreaElement, note: HTMLElement, send: HTMLElement, drop: HTMLElement}} Row */

export class ReviewList {
  #language;
  #direction;
  /** Where the tab keeps what is held, for a reload. */
  #key;
  #review;
  /** @type {Map<HeldSentence, Row>} */
  #rows = new Map();

  /** How many the speaker has been asked about. */
  #asked = 0;

  /** @param {DirectedWay} way */
  constructor({ sessionId, language, direction, send, mayGo }) {
    this.#language = language;
    this.#direction = direction;
    this.#key = `held ${sessionId}`;
    const changed = (/** @type {readonly HeldSentence[]} */ held) => this.#show(held);
    const held = stored(this.#key);
    this.#review = new Review({ isOn: $("review").checked, seconds: this.#seconds, held, send, mayGo, changed });
    $("review").addEventListener("change", () => this.#review.turn($("review").checked));
    $("review-seconds").addEventListener("change", () => this.#review.wait(this.#seconds));
    $("confirm-send").addEventListener("click", () => {
      $("confirm").close();
      this.#review.sendAll();
    });
    this.#showStatus();
    this.#show(held);
    this.#review.refresh();
  }

  /** @param {string} text @param {SoundTimes | null} sound */
  hear(text, sound) {
    this.#review.hear(text, sound);
  }

  refresh() {
    this.#review.refresh();
  }

  sendOldest() {
    return this.#review.sendOldest();
  }

  /** The question before the session's end is about what is held, too. */
  ask() {
    const count = (this.#asked = this.#rows.size);
    $("confirm-held").hidden = $("confirm-send").hidden = count === 0;
    const held = count === 1 ? "1 sentence is held and was" : `${count} sentences are held and were`;
    $("confirm-held").textContent = `${held} not sent.`;
  }

  /** Whether the microphone's last words came into the list after the question. */
  asksAgain() {
    if (this.#rows.size <= this.#asked) return false;
    this.ask();
    return true;
  }

  close() {
    this.#review.close();
    this.#show([]);
  }

  get #seconds() {
    return Number($("review-seconds").value);
  }

  /** @param {readonly HeldSentence[]} held */
  #show(held) {
    keep(this.#key, held.length ? JSON.stringify(held) : "", "sessionStorage");
    const added = held.filter((sentence) => !this.#rows.has(sentence)).map((each) => this.#add(each));
    const gone = [...this.#rows].filter(([sentence]) => !held.includes(sentence));
    const hadFocus = gone.some(([, { row }]) => row.contains(document.activeElement));
    for (const [sentence, { row }] of gone) {
      this.#rows.delete(sentence);
      row.remove();
    }
    held.forEach((sentence, index) => this.#showOne(sentence, index === 0));
    if (gone.length || added.length) this.#showStatus();
    // Whoever works through the list goes on with the next.
    const [next] = this.#rows.values();
    if (hadFocus) (next?.box ?? $("text")).focus();
  }

  #showStatus() {
    const count = this.#rows.size;
    $("held").hidden = count === 0;
    const held = count === 1 ? "1 sentence is held" : `${count} sentences are held`;
    $("held-status").textContent = count ? `${held}. Enter in the empty box sends the first.` : "";
  }

  /** @param {HeldSentence} sentence @param {boolean} isFirst */
  #showOne(sentence, isFirst) {
    const row = this.#rows.get(sentence);
    if (!row) return;
    if (row.box.value !== sentence.text) row.box.value = sentence.text;
    row.row.dataset.state = sentence.state;
    const note = noteOf(sentence, isFirst);
    if (row.note.textContent !== note) row.note.textContent = note;
    const words = `${sentence.text.slice(0, 40)}${sentence.text.length > 40 ? "…" : ""}`;
    row.send.setAttribute("aria-label", `Send: ${words}`);
    row.drop.setAttribute("aria-label", `Drop: ${words}`);
  }

  /** @param {HeldSentence} sentence */
  #add(sentence) {
    const row = element("li");
    const box = element("textarea");
    box.rows = 1;
    box.value = sentence.text;
    box.lang = this.#language;
    box.dir = this.#direction;
    box.setAttribute("aria-label", "Held sentence");
    box.addEventListener("focus", () => this.#review.stop(sentence));
    box.addEventListener("blur", () => this.#rows.has(sentence) && this.#review.leave(sentence));
    box.addEventListener("input", () => this.#review.edit(sentence, box.value));
    box.addEventListener("keydown", (event) => this.#pressed(event, sentence));
    const actions = element("div", "row");
    const send = button("Send", () => this.#review.send(sentence));
    const drop = button("Drop", () => this.#review.drop(sentence));
    const note = element("span", "hint");
    actions.append(send, drop);
    row.append(box, actions, note);
    $("held").append(row);
    this.#rows.set(sentence, { row, box, note, send, drop });
  }

  /** @param {KeyboardEvent} event @param {HeldSentence} sentence */
  #pressed(event, sentence) {
    if (event.isComposing) return;
    if (event.key === "Escape" && sentence.text !== sentence.heard) this.#review.edit(sentence, sentence.heard);
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    // A key that is held down would send the whole list.
    if (!event.repeat) this.#review.send(sentence);
  }
}

/** @param {HeldSentence} sentence @param {boolean} isFirst */
function noteOf({ state, dueAt }, isFirst) {
  if (state === "ready") return isFirst ? "Goes when the page is live again" : "Goes after the one before it";
  if (state === "stopped") return "Waits for you";
  return dueAt < Infinity ? `Goes in ${Math.ceil((dueAt - performance.now()) / 1_000)} s` : "";
}

/** @param {string} key @returns {HeldSentence[]} */
function stored(key) {
  try {
    const held = JSON.parse(recall(key, "sessionStorage") ?? "[]");
    // Infinity does not survive JSON, and the clock began anew: `refresh` sets the time.
    return held.map((/** @type {HeldSentence} */ each) => ({ ...each, sound: null, dueAt: Infinity }));
  } catch {
    return [];
  }
}
