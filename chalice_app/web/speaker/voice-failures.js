/**
 * What the speaker is told when voices cannot be made: once, calmly, and until they are made again. The
 * server reports each sentence that failed; it does not report those that were heard.
 */
import { nativeName } from "./languages.js";

/** So many sentences without a failure end the notice. The report on a voice comes after the captions'. */
const WELL_AGAIN = 3;

const SPENT =
  "The session’s budget for voices is used up. From now on listeners hear only sentences that were " +
  "said before. Captions go on.";

/** @param {string[]} names of languages */
function failing(names) {
  const listed = new Intl.ListFormat("en-GB", { type: "conjunction" }).format(names);
  return `The voice in ${listed} fails at the moment. Captions go on, and so will the voice as soon as it works.`;
}

export class VoiceFailures {
  #place;
  #languages;
  /** The last sentence that failed, by language. @type {Map<string, number>} */
  #failed = new Map();
  #isSpent = false;

  /** @param {HTMLElement} place @param {Language[]} languages */
  constructor(place, languages) {
    this.#place = place;
    this.#languages = languages;
  }

  /** @param {SpeechFailed} message */
  failed({ sequence, language, reason }) {
    if (reason === "overBudget") this.#isSpent = true;
    else this.#failed.set(language, Math.max(sequence, this.#failed.get(language) ?? 0));
    this.#show();
  }

  /** A sentence has been delivered. @param {number} sequence */
  spoken(sequence) {
    this.#end((language) => sequence - (this.#failed.get(language) ?? 0) >= WELL_AGAIN);
  }

  /** Nobody misses a voice that nobody listens to. @param {Counts} voices */
  listened(voices) {
    this.#end((language) => !voices[language]);
  }

  /** @param {(language: string) => boolean} isOver */
  #end(isOver) {
    for (const language of [...this.#failed.keys()]) if (isOver(language)) this.#failed.delete(language);
    this.#show();
  }

  #show() {
    // In an order that does not follow who failed last: the sentence is read aloud when it changes.
    const names = [...this.#failed.keys()].sort().map((code) => nativeName(this.#languages, code));
    const text = [names.length ? failing(names) : "", this.#isSpent ? SPENT : ""].filter(Boolean).join(" ");
    this.#place.hidden = !text;
    // Not where nothing has changed: a screen reader would read it again.
    if (this.#place.textContent !== text) this.#place.textContent = text;
  }
}
