/** Words before their sentence, for the readers of the speaker's own language. */
import { getSession } from "./api.js";

/** The server takes four a second. */
const PAUSE_MS = 260;

export class DraftSender {
  #options;
  /** Whether the session has drafts. */
  #isWanted = false;
  #text = "";
  /** What readers have now, and of which sentence. */
  #sent = { sequence: 0, text: "" };
  #sentAt = -Infinity;
  #timer = 0;

  /** @param {MicrophoneOptions} options */
  constructor(options) {
    this.#options = options;
    this.#ask();
  }

  /** @param {string} text "" where the words were taken back */
  show(text) {
    this.#text = text;
    clearTimeout(this.#timer);
    const wait = this.#sentAt + PAUSE_MS - performance.now();
    if (wait > 0) this.#timer = setTimeout(() => this.#send(), wait);
    else this.#send();
  }

  /** A sentence takes the place of the words. */
  drop() {
    this.#text = "";
    clearTimeout(this.#timer);
  }

  async #ask() {
    const { sessionId, token } = this.#options;
    const session = await getSession(sessionId, { token }).catch(() => null);
    // A stage that does not tell has no drafts.
    this.#isWanted = session?.drafts === "source";
    if (this.#text) this.show(this.#text);
  }

  /** What a speaker may still drop is not shown, and what nobody reads is not sent. */
  get #mayGo() {
    const { mayGo, before, roster, language } = this.#options;
    return mayGo() && !before.isOn && roster.codes.includes(language);
  }

  #send() {
    const sequence = this.#options.outbox.next;
    const text = this.#text;
    const before = this.#sent.sequence === sequence ? this.#sent.text : "";
    if (!this.#isWanted || text === before || !this.#mayGo) return;
    if (!this.#options.socket.send({ action: "draft", sequence, text })) return;
    this.#sent = { sequence, text };
    this.#sentAt = performance.now();
  }
}
