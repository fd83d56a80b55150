/** What a caption, its correction and its retraction do: to the list, to the voice, to screen readers. */
import { $, element } from "./elements.js";
import { languageOf } from "./languages.js";
import { word } from "./localization.js";

export class CaptionScreen {
  #list;
  #voice;
  /** @type {Promise<import("./drafts.js").Drafts | undefined> | undefined} */
  #drafts;
  /** The sequence up to which captions are old: they are not read aloud. */
  caughtUpTo = 0;

  /** @param {import("./caption-list.js").CaptionList} list @param {import("./listening.js").Listening} voice */
  constructor(list, voice) {
    this.#list = list;
    this.#voice = voice;
  }

  /** @param {Caption} caption */
  show(caption) {
    $("empty").hidden = true;
    const isNew = caption.sequence > this.caughtUpTo;
    this.#list.add(caption, word("untranslated"), isNew && !this.#voice.reads);
    this.#voice.tell((voice) => (isNew ? voice.read(caption) : voice.miss(caption.sequence)));
    this.endDraft(caption.sequence);
  }

  /** @param {Draft} draft */
  showDraft(draft) {
    this.#drafts ??= import("./drafts.js").then((part) => part.load(this.#list)).catch(() => undefined);
    this.#drafts.then((drafts) => drafts?.show(draft));
  }

  /** @param {number} [sequence] a later draft stays */
  endDraft(sequence) {
    this.#drafts?.then((drafts) => drafts?.end(sequence));
  }

  /** @param {Caption} caption */
  correct(caption) {
    if (!this.#list.replace(caption, word("untranslated"), word("corrected"))) return;
    this.#voice.tell((voice) => voice.correct(caption));
    const text = element("span", "", caption.text);
    text.lang = languageOf(caption);
    $("announcement").replaceChildren(`${word("corrected")}: `, text);
  }

  /** It leaves no trace on the screen: a hall need not see that something was wrong. @param {number} sequence */
  retract(sequence) {
    this.endDraft(sequence);
    this.#voice.tell((voice) => voice.retract(sequence));
    if (!this.#list.remove(sequence)) return;
    $("announcement").textContent = word("retracted");
    $("empty").hidden = !this.#list.isEmpty;
  }
}
