/**
 * The captions on the screen, the newest below. The list follows the newest caption until the reader
 * scrolls up; then what is being read does not move.
 */
import { element } from "./elements.js";
import { languageOf } from "./languages.js";

/** Above this many (a talk of six hours) the oldest are removed. */
const MOST = 4000;
const NEAR_END_PX = 48;

export class CaptionList {
  #list;
  #viewport;
  directionOf;
  /** @type {{sequence: number, row: HTMLElement}[]} */
  #rows = [];
  #pinned = true;
  #unread = 0;
  #onUnread;
  #frame = 0;
  #top = 0;
  #height = 0;

  /**
   * @param {HTMLElement} viewport the part that scrolls @param {HTMLElement} list holds the captions
   * @param {(code: string) => string} directionOf a language's writing direction
   * @param {(count: number) => void} onUnread how many captions are below the view
   */
  constructor(viewport, list, directionOf, onUnread) {
    this.#viewport = viewport;
    this.#list = list;
    this.directionOf = directionOf;
    this.#onUnread = onUnread;
    viewport.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    new ResizeObserver(() => this.#follow()).observe(viewport);
  }

  get isEmpty() {
    return this.#rows.length === 0;
  }

  /**
   * @param {Caption} caption @param {string} mark the note on a caption that was not translated
   * @param {boolean} aloud whether a screen reader announces it
   */
  add(caption, mark, aloud) {
    this.#list.setAttribute("aria-live", aloud ? "polite" : "off");
    const row = this.#row(caption, mark);
    const place = this.#place(caption.sequence);
    const isNewest = place === this.#rows.length;
    if (isNewest) this.#rows.at(-1)?.row.classList.remove("newest");
    this.#list.insertBefore(row, this.#rows[place]?.row ?? null);
    this.#rows.splice(place, 0, { sequence: caption.sequence, row });
    if (isNewest) row.classList.add("newest");
    if (!this.#pinned && isNewest) this.#onUnread((this.#unread += 1));
    if (this.#pinned && this.#rows.length > MOST) this.#forget(100);
    this.#follow();
  }

  /**
   * Puts other words in a caption's place. The list is not live meanwhile: the change has its own announcement.
   * @param {Caption} caption @param {string} mark @param {string} corrected the note on a changed caption
   * @returns {boolean} false: it is not on the screen
   */
  replace(caption, mark, corrected) {
    const there = this.#rows.find(({ sequence }) => sequence === caption.sequence);
    if (!there) return false;
    this.#list.setAttribute("aria-live", "off");
    const row = this.#row(caption, mark);
    row.append(" ", note("mark corrected", corrected));
    row.classList.toggle("newest", there.row.classList.contains("newest"));
    there.row.replaceWith(row);
    there.row = row;
    this.#follow();
    return true;
  }

  /** @param {number} sequence @returns {boolean} false: it is not on the screen */
  remove(sequence) {
    const place = this.#rows.findIndex((each) => each.sequence === sequence);
    if (place < 0) return false;
    const isUnread = place >= this.#rows.length - this.#unread;
    for (const { row } of this.#rows.splice(place, 1)) row.remove();
    this.#rows.at(-1)?.row.classList.add("newest");
    if (isUnread) this.#onUnread((this.#unread -= 1));
    this.#follow();
    return true;
  }

  /** Adds a remark to a caption, once. @param {number} sequence @param {string} kind @param {string} text */
  note(sequence, kind, text) {
    const row = this.#rows.find((each) => each.sequence === sequence)?.row;
    if (!row || row.querySelector(`.${kind}`)) return;
    this.#list.setAttribute("aria-live", "off");
    row.append(" ", note(`mark ${kind}`, text));
    this.#follow();
  }

  /** Scrolls to the newest caption, and follows it from now on. */
  toNewest() {
    this.#pinned = true;
    this.#onUnread((this.#unread = 0));
    this.#follow();
  }

  /** @param {Caption} caption @param {string} mark */
  #row(caption, mark) {
    const language = languageOf(caption);
    const row = element("p", "caption", caption.text);
    row.lang = language;
    row.dir = this.directionOf(language);
    if (caption.untranslated) row.prepend(note("mark", mark));
    return row;
  }

  /** The index for a sequence: almost always the end. @param {number} sequence */
  #place(sequence) {
    return this.#rows.findLastIndex((each) => each.sequence <= sequence) + 1;
  }

  /** @param {number} count */
  #forget(count) {
    for (const { row } of this.#rows.splice(0, count)) row.remove();
  }

  /**
   * At most once a frame, because it reads the layout. Not without captions: then the view holds a
   * question, which is read from its beginning.
   */
  #follow() {
    if (!this.#pinned || this.#frame || this.isEmpty) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      if (!this.#pinned) return;
      const newest = this.#rows.at(-1)?.row;
      const end = this.#viewport.scrollHeight - this.#viewport.clientHeight;
      // A caption that is taller than the screen is read from its beginning.
      const isTall = newest && newest.offsetHeight > this.#viewport.clientHeight;
      this.#viewport.scrollTop = isTall ? newest.offsetTop - this.#list.offsetTop : end;
    });
  }

  /**
   * Only the reader ends the following. A scroll with a new height is not the reader's: captions came,
   * or the screen was turned.
   */
  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.#viewport;
    const newest = this.#rows.at(-1)?.row;
    const inView = newest && scrollTop + clientHeight > newest.offsetTop + NEAR_END_PX;
    const wentUp = scrollTop < this.#top && scrollHeight === this.#height;
    this.#top = scrollTop;
    this.#height = scrollHeight;
    if (inView || scrollHeight - scrollTop - clientHeight < NEAR_END_PX) this.#pinned = true;
    else if (wentUp) this.#pinned = false;
    if (this.#pinned && this.#unread) this.#onUnread((this.#unread = 0));
  }
}

/** In the page's language, which may not be the caption's. @param {string} className @param {string} text */
function note(className, text) {
  const made = element("span", className, text);
  made.lang = document.documentElement.lang;
  made.dir = document.documentElement.dir;
  return made;
}
