/**
 * A prepared text: its sentences, the place in it, and what became of each. A press sends the next
 * sentence; where the server asks for patience, the next ones wait here, so that none overtakes another.
 * This module does not touch the page.
 */
import { partsOf, sentencesOf } from "./long-text.js";

/** A full stop after these ends no sentence; nor does one after an initial. */
const ABBREVIATED =
  /(?:^|[\s(“"'’])(?:\p{Lu}|Mr|Mrs|Ms|Dr|Dra|Drs|Prof|St|Sr|Sra|Srta|Jr|Mt|Gen|Col|Rev|Hon|Gov|Sen|Rep|No|Nr|vs|cf|e\.g|i\.e|z\.\s?B|d\.\s?h|bzw|ca|Hr|Fr|Mme|Mlle|Sig|Dott|Ing|Av|pág|núm)\.$/u;

/** @param {string} text @param {string} language @returns {PreparedLine[]} */
export function linesOf(text, language) {
  /** @type {PreparedLine[]} */
  const lines = [];
  let isParagraph = false;
  for (const line of text.split(/\r\n|[\n\r\u2028\u2029\f\v]/).map((each) => each.trim())) {
    const heading = line.startsWith("#") && line.replace(/^#+\s*/, "");
    if (heading) lines.push({ text: heading, isHeading: true, isParagraph: true, mark: "" });
    if (line.startsWith("#") || !/[^\s\p{Cf}]/u.test(line)) isParagraph = true;
    else {
      for (const sentence of whole(sentencesOf(line, language)).flatMap((each) => partsOf(each, language))) {
        lines.push({ text: sentence, isHeading: false, isParagraph, mark: "" });
        isParagraph = false;
      }
    }
  }
  return lines;
}

/** Joins what a cut has torn apart. @param {string[]} pieces */
function whole(pieces) {
  /** @type {string[]} */
  const sentences = [];
  for (const piece of pieces) {
    const former = sentences.at(-1);
    // No sentence begins with a small letter, as in “Why?” she asked, or has no letter at all.
    const goesOn = /^\p{Ll}/u.test(piece) || !/[\p{L}\p{N}]/u.test(piece);
    if (former !== undefined && (goesOn || ABBREVIATED.test(former.trimEnd()))) {
      sentences[sentences.length - 1] = former + piece;
    } else sentences.push(piece);
  }
  return sentences;
}

export class PreparedText {
  lines;
  /** The index of the sentence that is sent next; the number of lines after the last. */
  place = 0;
  #say;
  #changed;
  /** What was asked for and waits. @type {number[]} */
  #queue = [];
  /** @type {Map<Sentence, number>} */
  #indexes = new Map();
  /** The server has asked for patience with them. @type {Set<Sentence>} */
  #refused = new Set();
  /** Without a report yet, whoever said them. @type {Set<Sentence>} */
  #pending = new Set();
  /** Which one is being handed over, until the outbox has it. */
  #handed = -1;
  #isGoing = false;

  /**
   * @param {PreparedLine[]} lines
   * @param {(text: string) => void} say does nothing while the speaker may not send
   * @param {() => void} changed
   */
  constructor(lines, say, changed) {
    this.lines = lines;
    this.#say = say;
    this.#changed = changed;
    this.place = this.#from(0, 1);
  }

  get isAtEnd() {
    return this.place >= this.lines.length;
  }

  get waiting() {
    return this.#queue.length;
  }

  /** Where a page that loads this text again goes on: nothing that has not gone is passed over. */
  get safePlace() {
    const waits = this.lines.findIndex(({ mark }) => mark === "waits" || mark === "queued");
    return waits < 0 ? this.place : Math.min(waits, this.place);
  }

  /** In code points, as the budget counts. */
  get charactersLeft() {
    const left = this.lines.slice(this.place).filter(({ isHeading }) => !isHeading);
    return left.reduce((sum, { text }) => sum + [...text].length, 0);
  }

  /** This text was that one, and changed: what is the same at its beginning keeps its marks. @param {PreparedText} former */
  goOnFrom(former) {
    let same = 0;
    while (this.lines[same] && this.lines[same]?.text === former.lines[same]?.text) same += 1;
    for (const index of this.lines.slice(0, same).keys()) this.#mark(index, former.lines[index]?.mark ?? "");
    for (const [sentence, index] of former.#indexes) if (index < same) this.#indexes.set(sentence, index);
    this.#pending = former.#pending;
    this.#refused = former.#refused;
    this.#queue = former.#queue.filter((index) => index < same);
    this.moveTo(Math.min(former.place, same));
  }

  /** @returns {boolean} whether it went, or waits for its turn */
  sendNext() {
    if (this.isAtEnd) return false;
    const index = this.place;
    this.#queue.push(index);
    this.#mark(index, "waits");
    this.place = this.#from(index + 1, 1);
    const isTaken = this.#goOn();
    this.#changed();
    return isTaken;
  }

  /** Without sending. @param {number} direction 1 or -1 */
  step(direction) {
    const place = this.#from(this.place + direction, direction);
    this.moveTo(place < 0 ? this.place : place);
  }

  /** @param {number} index */
  moveTo(index) {
    this.place = this.#from(Math.max(0, index), 1);
    this.#changed();
  }

  /** Any sentence of the outbox has changed. @param {Sentence} sentence */
  became(sentence) {
    if (this.#handed >= 0 && sentence.state === "queued") this.#indexes.set(sentence, this.#handed);
    this.#handed = -1;
    if (sentence.state === "queued" || sentence.state === "sent") this.#pending.add(sentence);
    else this.#pending.delete(sentence);
    if (sentence.state !== "sent") this.#refused.delete(sentence);
    const index = this.#indexes.get(sentence);
    if (index !== undefined) this.#mark(index, sentence.state);
    this.#goOn();
    if (index !== undefined) this.#changed();
  }

  /** The server has refused a sentence; where it names none, any may be meant. @param {ErrorMessage} error */
  refused({ retryAfterMs, details }) {
    if (retryAfterMs === undefined) return;
    for (const sentence of this.#pending) {
      const isMeant = !details?.sequence || details.sequence === sentence.sequence;
      if (isMeant && sentence.state === "sent") this.#refused.add(sentence);
    }
  }

  /** @returns {boolean} false: the speaker may not send now */
  #goOn() {
    // The outbox says that it has a sentence before it sends it: the next one waits for that.
    if (this.#isGoing) return true;
    this.#isGoing = true;
    const isAllowed = this.#sendQueued();
    this.#isGoing = false;
    return isAllowed;
  }

  #sendQueued() {
    while (this.#refused.size === 0) {
      const index = this.#queue.shift();
      if (index === undefined) break;
      this.#handed = index;
      this.#say(this.lines[index]?.text ?? "");
      if (this.#handed < 0) continue;
      // Paused: nothing was taken, and nothing of it goes by itself later.
      this.#handed = -1;
      this.place = Math.min(this.place, index);
      for (const each of [index, ...this.#queue.splice(0)]) this.#mark(each, "");
      return false;
    }
    return true;
  }

  /** @param {number} index @param {PreparedLine["mark"]} mark */
  #mark(index, mark) {
    const line = this.lines[index];
    if (line) line.mark = mark;
  }

  /** The next sentence from there; -1 or the number of lines where there is none. @param {number} index @param {number} direction */
  #from(index, direction) {
    let found = index;
    while (this.lines[found]?.isHeading) found += direction;
    return Math.max(-1, Math.min(found, this.lines.length));
  }
}
