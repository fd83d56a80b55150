/** One language's captions: joins as a listener of it, as the listeners' page does. */
import { askToJoin, getLanguages, socketAddress, webSocketUrl } from "./api.js";
import { CaptionOrder } from "./caption-order.js";
import { ReconnectingSocket } from "./reconnecting-socket.js";
import { Timers } from "./timers.js";

/** The silence after which a heartbeat tests the socket. The questions below come before it. */
const QUIET_MS = 120_000;

/**
 * So often the overlay asks whether it is to be empty: the message of the speaker's switch could be lost,
 * or overtaken by that of another click.
 */
const ASK_MS = 30_000;
/** So soon it asks after it joined, or was told. */
const ASK_SOON_MS = 2_000;

/** What is older was kept up by a loss of the network, or by a page that slept: the server drops it at this age, too. */
const RECENT_MS = 10_000;

/** How far apart two clocks go at most; a computer's are a tenth of that apart, and a little more while they are set. */
const CLOCK_DRIFT = 0.001;

export class OverlayConnection {
  #language;
  #of;
  #screen;
  #order;
  #socket;
  #resumeToken = "";
  /** What was said before this page came; null before the first `joined`. @type {number | null} */
  #first = null;
  /** Captions up to this one are what it missed. */
  #replayedTo = 0;
  /** From the server's clock to this page's, with the shortest delivery so far, and when that was. */
  #lag = { ms: Infinity, at: 0 };
  #isHidden = false;
  /** When the switch's message came, by `performance.now()`. */
  #toldAt = -Infinity;
  #timers = /** @type {Timers<"ask">} */ (new Timers());

  /**
   * @param {string} language @param {{ sessionId: string, joinCode: string }} of
   * @param {CaptionScreen & { clear: () => void }} screen
   * @param {(lastSequence: number) => void} onJoined
   */
  constructor(language, of, screen, onJoined) {
    this.#language = language;
    this.#of = of;
    this.#screen = screen;
    this.#order = new CaptionOrder({
      show: (caption) => this.#mayShow(caption) && screen.show(caption),
      correct: (caption) => screen.correct(caption),
      retract: (sequence) => screen.retract(sequence),
    });
    this.#socket = new ReconnectingSocket({
      address: () => this.#address(),
      joinState: () => this.#joinState(),
      onMessage: (message) => this.#received(message, onJoined),
      onState: (state, why) => state === "over" && this.#over(why),
      quietMs: QUIET_MS,
    });
  }

  /** @param {number} retryAfterMs no handshake before */
  open(retryAfterMs) {
    this.#socket.heed(retryAfterMs);
    this.#socket.retryNow();
  }

  #address() {
    const after = this.#order.complete || this.#first;
    return socketAddress(webSocketUrl(), {
      sessionId: this.#of.sessionId,
      targetLanguage: this.#language,
      ...(this.#of.joinCode && { joinCode: this.#of.joinCode }),
      ...(this.#resumeToken && { resumeToken: this.#resumeToken }),
      ...(after !== null && { lastSequence: String(after) }),
    });
  }

  /** @returns {ReturnType<SocketOptions["joinState"]>} */
  async #joinState() {
    const pass = { joinCode: this.#of.joinCode, resumeToken: this.#resumeToken };
    const answer = await askToJoin(this.#of.sessionId, pass, "refused");
    if (answer.state !== "open") return answer;
    const languages = await getLanguages().catch(() => null);
    const isOffered = !languages || languages.some(({ code }) => code === this.#language);
    return isOffered ? answer : { ...answer, state: "unsupported" };
  }

  /** @param {ServerMessage} message @param {(lastSequence: number) => void} onJoined */
  #received(message, onJoined) {
    switch (message.type) {
      case "joined":
        this.#joined(message);
        onJoined(message.lastSequence);
        break;
      case "caption":
        if (message.sequence > this.#replayedTo) this.#measure(message.spokenAt);
        this.#order.accept(message);
        break;
      case "retracted":
        this.#order.retract(message.sequence);
        break;
      case "overlays":
        this.#toldAt = performance.now();
        this.#hide(message.hidden);
        this.#askAfter(ASK_SOON_MS);
        break;
      case "sessionStatus":
        this.#learn(message.overlaysHidden);
        break;
      case "sessionEnded":
        this.#socket.close("ended");
        break;
      case "error":
        // For who looks into the browser source's console, never for the stream.
        console.info("The overlay was told:", message.code);
    }
  }

  /** @param {Joined} message */
  #joined({ lastSequence, resumeToken = "", overlaysHidden = false }) {
    this.#first ??= lastSequence;
    this.#order.after = this.#first;
    this.#replayedTo = lastSequence;
    this.#resumeToken = resumeToken || this.#resumeToken;
    this.#learn(overlaysHidden);
    this.#askAfter(ASK_SOON_MS);
  }

  /** @param {number} milliseconds */
  #askAfter(milliseconds) {
    this.#timers.after("ask", milliseconds, () => {
      this.#socket.send({ action: "status" });
      this.#askAfter(ASK_MS);
    });
  }

  /** What was read before the switch's message may come after it. */
  #learn(isHidden = false) {
    if (performance.now() >= this.#toldAt + ASK_SOON_MS) this.#hide(isHidden);
  }

  /** @param {boolean} isHidden */
  #hide(isHidden) {
    this.#isHidden = isHidden;
    if (isHidden) this.#screen.clear();
  }

  /** @param {number} spokenAt of a caption that was just sent */
  #measure(spokenAt) {
    const now = performance.now();
    if (now - spokenAt < this.#lagAt(now)) this.#lag = { ms: now - spokenAt, at: now };
  }

  /** @param {number} now */
  #lagAt(now) {
    return this.#lag.ms + (now - this.#lag.at) * CLOCK_DRIFT;
  }

  /** Neither what was said before this page came, nor what is old. @param {Caption} caption */
  #mayShow({ spokenAt }) {
    const now = performance.now();
    // Before the first caption that is new, nothing is known: those that are not are what a latecomer gets.
    return !this.#isHidden && this.#lag.ms < Infinity && now - spokenAt - this.#lagAt(now) < RECENT_MS;
  }

  /** @param {string} why */
  #over(why) {
    this.#timers.cancel();
    console.info("The overlay's connection is over:", why);
  }
}
