/** The captions on the screen: the newest in view, the others above, and nothing ever jumps. */

/** Beyond so many the oldest go, a hundred at a time; it is a talk of six hours. */
const MOST = 4000;
const NEAR_END_PX = 48;

/** @typedef {import("./order.js").Caption} Caption */

export class CaptionList {
  #list;
  #viewport;
  #directionOf;
  #rows = [];
  #pinned = true;
  #unread = 0;
  #onUnread;
  #frame = 0;
  #top = 0;
  #height = 0;

  /**
   * @param {HTMLElement} viewport scrolls @param {HTMLElement} list holds the captions
   * @param {(code: string) => string} directionOf a language's writing direction
   * @param {(count: number) => void} onUnread how many have come below what is in view
   */
  constructor(viewport, list, directionOf, onUnread) {
    this.#viewport = viewport;
    this.#list = list;
    this.#directionOf = directionOf;
    this.#onUnread = onUnread;
    viewport.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    new ResizeObserver(() => this.#follow()).observe(viewport);
  }

  get isEmpty() {
    return this.#rows.length === 0;
  }

  /**
   * @param {Caption} caption @param {string} mark what is said of a caption left in its source
   * @param {boolean} aloud whether a screen reader is to announce it
   */
  add(caption, mark, aloud) {
    this.#list.setAttribute("aria-live", aloud ? "polite" : "off");
    const element = this.#element(caption, mark);
    const at = this.#place(caption.sequence);
    const isNewest = at === this.#rows.length;
    if (isNewest) this.#rows.at(-1)?.element.classList.remove("newest");
    this.#list.insertBefore(element, this.#rows[at]?.element ?? null);
    this.#rows.splice(at, 0, { sequence: caption.sequence, element });
    if (isNewest) element.classList.add("newest");
    if (!this.#pinned && isNewest) this.#onUnread((this.#unread += 1));
    if (this.#pinned && this.#rows.length > MOST) this.#forget(100);
    this.#follow();
  }

  /** Back to where the talk is. */
  toNewest() {
    this.#pinned = true;
    this.#onUnread((this.#unread = 0));
    this.#follow();
  }

  #element(caption, mark) {
    const language = caption.untranslated ? caption.sourceLanguage : caption.language;
    const element = document.createElement("p");
    element.className = "caption";
    element.lang = language;
    element.dir = this.#directionOf(language);
    element.textContent = caption.text;
    if (caption.untranslated) {
      const note = document.createElement("span");
      note.className = "mark";
      note.lang = document.documentElement.lang;
      note.dir = document.documentElement.dir;
      note.textContent = mark;
      element.prepend(note);
    }
    return element;
  }

  /** Almost always the end: a caption that was late goes to where it belongs. */
  #place(sequence) {
    let at = this.#rows.length;
    while (at > 0 && this.#rows[at - 1].sequence > sequence) at -= 1;
    return at;
  }

  #forget(count) {
    for (const { element } of this.#rows.splice(0, count)) element.remove();
  }

  /**
   * Once a frame, however many captions came; the layout is read only then. Without any, what is in
   * view is a question, which is read from its beginning.
   */
  #follow() {
    if (!this.#pinned || this.#frame || this.isEmpty) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      if (!this.#pinned) return;
      const newest = this.#rows.at(-1)?.element;
      const end = this.#viewport.scrollHeight - this.#viewport.clientHeight;
      // One that is taller than the screen is read from its beginning.
      const start = newest && newest.offsetHeight > this.#viewport.clientHeight;
      this.#viewport.scrollTop = start ? newest.offsetTop - this.#list.offsetTop : end;
    });
  }

  /**
   * Only somebody's hand takes the page off the newest caption: what moves because captions came or
   * the screen was turned has changed the height, too.
   */
  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.#viewport;
    const newest = this.#rows.at(-1)?.element;
    const inView = newest && scrollTop + clientHeight > newest.offsetTop + NEAR_END_PX;
    const wentUp = scrollTop < this.#top && scrollHeight === this.#height;
    this.#top = scrollTop;
    this.#height = scrollHeight;
    if (inView || scrollHeight - scrollTop - clientHeight < NEAR_END_PX) this.#pinned = true;
    else if (wentUp) this.#pinned = false;
    if (this.#pinned && this.#unread) this.#onUnread((this.#unread = 0));
  }
}
