/**
 * A WebSocket that connects again when it is lost, renews itself when the server asks for that, and
 * finds out with a heartbeat when it has died without a close.
 */
import { backoffMs, pauseMs, randomDelayMs } from "./pauses.js";
import { readMessage } from "./server-messages.js";
import { passedMs, Timers } from "./timers.js";

const ANSWER_MS = 10_000;
const BUSY_MS = 500;
/** A renewal waits so long, in all, for the page not to be busy. */
const LONGEST_BUSY_MS = 10_000;
/** A renewal that failed is tried again within so long: the former connection serves meanwhile. */
const RENEWAL_RETRY_MS = 60_000;

/** The join states after which the next try may succeed; after others the socket is over. */
const RETRIED = ["open", "full", "limited", "unreachable"];

/**
 * The close code of the server's own closes. Each other is a loss: API Gateway closes an idle or two
 * hours old one with 1001 (its developer guide, "Overview of WebSocket APIs"); 1006 is a lost network.
 */
const NORMAL_CLOSURE = 1000;

export class ReconnectingSocket {
  #options;
  /** @type {WebSocket | null} The connection, or the one that is being opened. */
  #socket = null;
  /** @type {WebSocket | null} A renewal's, while the former connection still serves. */
  #next = null;
  /** @type {WeakSet<WebSocket>} Those whose handshake was not refused. */
  #admitted = new WeakSet();
  #isIn = false;
  #attempt = 0;
  /** No handshake before this time, by `passedMs`; 0 where the server named none. */
  #notBefore = 0;
  #timers = /** @type {Timers<string>} */ (new Timers());
  #over = false;

  /** @param {SocketOptions} options */
  constructor(options) {
    this.#options = options;
    window.addEventListener("online", () => this.#wake());
    window.addEventListener("pageshow", (event) => event.persisted && this.#wake());
    document.addEventListener("visibilitychange", () => document.hidden || this.#wake());
  }

  /** Connects, or connects anew. */
  open() {
    this.#drop();
    this.#over = false;
    this.#notBefore = 0;
    this.#options.onState("connecting", "", 0);
    this.#socket = this.#connect();
    this.#timers.after("handshake", ANSWER_MS * 2, () => this.#lost());
  }

  /** The page has asked before the first handshake. @param {number} retryAfterMs 0 where no time was named */
  heed(retryAfterMs) {
    if (retryAfterMs) this.#notBefore = passedMs() + retryAfterMs;
  }

  /** Connects at once instead of at the end of the pause; while the server names a time, asks it first. */
  retryNow() {
    this.#attempt = 0;
    this.#over = false;
    if (passedMs() < this.#notBefore) this.#wait(true);
    else this.open();
  }

  /** Closes for good. @param {string} why */
  close(why) {
    this.#over = true;
    this.#drop();
    this.#options.onState("over", why, 0);
  }

  /** Sends a message. @param {ClientMessage} message @returns {boolean} false: not connected, not sent */
  send(message) {
    // Who displaces has sentences of the former connection to send first, at `joined`.
    if (this.#options.displaces && !this.#isIn) return false;
    return this.#transmit(message);
  }

  /** @param {ClientMessage} message */
  #transmit(message) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  #connect() {
    const socket = new WebSocket(this.#options.address());
    socket.onopen = () => this.#opened(socket);
    socket.onmessage = ({ data }) => this.#receive(socket, data);
    socket.onclose = ({ code }) => this.#closed(socket, code);
    return socket;
  }

  /** @param {WebSocket} socket */
  #opened(socket) {
    this.#admitted.add(socket);
    if (socket === this.#next && this.#options.displaces) this.#takeNext();
    else if (socket === this.#socket) this.#heard();
  }

  /** @param {WebSocket} socket @param {number} code */
  #closed(socket, code) {
    const { displaces, onServerClose } = this.#options;
    if (socket === this.#next) this.#renewalFailed();
    else if (code !== NORMAL_CLOSURE) this.#lost();
    else if (this.#next && displaces) this.#takeNext();
    else if (!this.#next && onServerClose) onServerClose();
    else this.#lost();
  }

  /** @param {WebSocket} socket @param {string} data */
  #receive(socket, data) {
    if (socket === this.#socket) this.#heard();
    const message = readMessage(data);
    if (!message) return;
    // The next connection's own error, or the former one's because the next is admitted: nobody else took over.
    const isOurs = socket === this.#next || (this.#next && "code" in message && message.code === "NOT_SPEAKER");
    if (message.type === "joined") this.#joined(socket);
    if (message.type === "renew") this.#renewWithin(message.withinMs);
    else if (message.type === "error" && isOurs) socket === this.#socket && this.#takeNext();
    else if (message.type !== "heartbeatAck") this.#options.onMessage(message);
  }

  /** @param {WebSocket} socket */
  #joined(socket) {
    if (socket === this.#next) this.#takeNext();
    this.#isIn = true;
    this.#attempt = 0;
    this.#options.onState("live", "", 0);
  }

  /**
   * The server asks for this before API Gateway ends an old connection. The moment is random, so that
   * a hall which came together does not come back together. A second request does not change it.
   * @param {number} milliseconds
   */
  #renewWithin(milliseconds) {
    if (this.#next || this.#timers.has("renew")) return;
    this.#timers.after("renew", randomDelayMs(milliseconds), () => this.#renew(LONGEST_BUSY_MS));
  }

  /** Opens the next connection while the former one serves. @param {number} patienceMs */
  #renew(patienceMs) {
    if (patienceMs > 0 && this.#options.isBusy?.()) {
      this.#timers.after("renew", BUSY_MS, () => this.#renew(patienceMs - BUSY_MS));
      return;
    }
    this.#next = this.#connect();
    this.#timers.after("renewal", ANSWER_MS * 2, () => this.#renewalFailed());
  }

  /** The former connection goes; messages and closes of it have no meaning any more. */
  #takeNext() {
    release(this.#socket);
    this.#socket = this.#next;
    this.#next = null;
    this.#isIn = false;
    this.#timers.cancel("renewal", "answer", "quiet");
    if (this.#socket && this.#admitted.has(this.#socket)) this.#heard();
    else this.#timers.after("handshake", ANSWER_MS * 2, () => this.#lost());
  }

  /** The former connection goes on, and the renewal is tried again, never before the server allows it. */
  async #renewalFailed() {
    release(this.#next);
    this.#next = null;
    this.#timers.cancel("renewal");
    const socket = this.#socket;
    const { retryAfterMs } = await this.#options.joinState();
    if (this.#over || this.#socket !== socket || this.#next) return;
    this.#timers.after("renew", retryAfterMs + randomDelayMs(RENEWAL_RETRY_MS), () => this.#renew(LONGEST_BUSY_MS));
  }

  /** Any message proves that the socket lives. */
  #heard() {
    this.#timers.cancel("handshake", "answer");
    this.#timers.after("quiet", this.#options.quietMs, () => this.#test(ANSWER_MS));
  }

  /** @param {number} timeoutMs */
  #test(timeoutMs) {
    if (this.#transmit({ action: "heartbeat" })) this.#timers.after("answer", timeoutMs, () => this.#lost());
  }

  /** The network or the page is back: timers may have slept meanwhile, so this waits for no backoff. */
  #wake() {
    if (this.#over) return;
    const delay = Math.max(this.#notBefore - passedMs(), backoffMs(0));
    if (this.#timers.has("retry")) this.#timers.after("retry", delay, () => this.open());
    else this.#test(ANSWER_MS / 2);
  }

  #lost() {
    if (this.#next) {
      this.#takeNext();
      this.#options.onState("connecting", "", 0);
      return;
    }
    const refused = !this.#socket || !this.#admitted.has(this.#socket);
    this.#drop();
    this.#options.onState("waiting", "", 0);
    this.#wait(refused);
  }

  /** Waits for the next try. @param {boolean} asksFirst whether the server is asked when it may be */
  async #wait(asksFirst) {
    const socket = this.#socket;
    const { state, retryAfterMs } = asksFirst ? await this.#options.joinState() : { state: "open", retryAfterMs: 0 };
    if (this.#over || this.#socket !== socket) return;
    if (!RETRIED.includes(state)) this.close(state);
    else if (state === "open" && this.#notBefore > 0) this.open();
    else this.#retryLater(state, retryAfterMs, asksFirst);
  }

  /** @param {string} state @param {number} retryAfterMs @param {boolean} hasAsked */
  #retryLater(state, retryAfterMs, hasAsked) {
    const pause = pauseMs(this.#attempt, retryAfterMs);
    if (retryAfterMs) this.#notBefore = passedMs() + pause;
    // A server that does not answer has not taken back the time that it named.
    else if (state !== "unreachable") this.#notBefore = 0;
    const delay = Math.max(pause, this.#notBefore - passedMs());
    const isShutOut = hasAsked && state === "open" && this.#attempt >= 2;
    const why = isShutOut ? "refused" : this.#notBefore ? "limited" : "";
    this.#attempt += 1;
    this.#timers.after("retry", delay, () => this.open());
    this.#options.onState("waiting", state === "full" || state === "limited" ? state : why, delay);
  }

  #drop() {
    this.#timers.cancel();
    release(this.#socket);
    release(this.#next);
    this.#socket = this.#next = null;
    this.#isIn = false;
  }
}

/** @param {WebSocket | null} socket */
function release(socket) {
  if (!socket) return;
  socket.onopen = socket.onmessage = socket.onclose = null;
  socket.close();
}
