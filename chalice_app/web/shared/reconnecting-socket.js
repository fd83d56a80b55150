/**
 * A WebSocket that connects again when it is lost, renews itself when the server asks for that, and
 * finds out with a heartbeat when it has died without a close.
 */

const FIRST_RETRY_MS = 1500;
const LONGEST_RETRY_MS = 20_000;
const ANSWER_MS = 10_000;
const BUSY_MS = 500;

/** The join states after which the next try may succeed; after others the socket is over. */
const RETRIED = ["open", "full", "limited", "unreachable"];

/** API Gateway's own message, without a type, after a function died with a client's message. */
const FUNCTION_DIED = "Internal server error";
/** @type {ErrorMessage} */
const DIED_ERROR = { type: "error", code: "INTERNAL", message: FUNCTION_DIED, retryAfterMs: 2000 };

/** The close code of the server's own closes; lost networks and API Gateway's time limit have others. */
const NORMAL_CLOSURE = 1000;

/**
 * The pause before a try, in milliseconds. It is random ("full jitter"): a hall that loses its network
 * together must not come back in one second.
 * @param {number} attempt
 */
export function backoffMs(attempt) {
  return 200 + Math.random() * Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** attempt);
}

/** @param {number} withinMs */
export function randomDelayMs(withinMs) {
  return Math.random() * withinMs;
}

export class ReconnectingSocket {
  #options;
  /** @type {WebSocket | null} */
  #socket = null;
  #attempt = 0;
  #opened = false;
  /** @type {Map<string, number>} */
  #timers = new Map();
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
    this.#opened = false;
    this.#options.onState("connecting", "");
    const socket = new WebSocket(this.#options.address());
    this.#socket = socket;
    socket.onopen = () => {
      this.#opened = true;
      this.#heard();
    };
    socket.onmessage = (event) => this.#receive(event.data);
    socket.onclose = ({ code }) => {
      const { onServerClose } = this.#options;
      if (code === NORMAL_CLOSURE && onServerClose) onServerClose();
      else this.#lost();
    };
    this.#after("handshake", ANSWER_MS * 2, () => this.#lost());
  }

  /** Connects at once instead of at the end of the pause. */
  retryNow() {
    this.#attempt = 0;
    this.open();
  }

  /** Closes for good. @param {string} why */
  close(why) {
    this.#over = true;
    this.#drop();
    this.#options.onState("over", why);
  }

  /** Sends a message. @param {ClientMessage} message @returns {boolean} false: not connected, not sent */
  send(message) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** @param {string} data */
  #receive(data) {
    this.#heard();
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      return;
    }
    if (message?.type === "joined") {
      this.#attempt = 0;
      this.#options.onState("live", "");
    }
    if (message?.message === FUNCTION_DIED) message = DIED_ERROR;
    if (message?.type === "renew") this.#renewWithin(message.withinMs);
    else if (message?.type && message.type !== "heartbeatAck") this.#options.onMessage(message);
  }

  /**
   * The server asks for this before API Gateway ends an old connection. The moment is random, so that
   * a hall which came together does not come back together. A second request does not change it.
   * @param {number} milliseconds
   */
  #renewWithin(milliseconds) {
    if (this.#timers.has("renew")) return;
    const renew = () => (this.#options.isBusy?.() ? this.#after("renew", BUSY_MS, renew) : this.open());
    this.#after("renew", randomDelayMs(milliseconds), renew);
  }

  /** Any message proves that the socket lives. */
  #heard() {
    this.#cancel("handshake");
    this.#cancel("answer");
    this.#after("quiet", this.#options.quietMs, () => this.#test(ANSWER_MS));
  }

  /** @param {number} timeoutMs */
  #test(timeoutMs) {
    if (this.send({ action: "heartbeat" })) this.#after("answer", timeoutMs, () => this.#lost());
  }

  /** The network or the page is back: timers may have slept meanwhile, so this waits for none. */
  #wake() {
    if (this.#over) return;
    if (this.#timers.has("retry")) this.#after("retry", randomDelayMs(FIRST_RETRY_MS), () => this.open());
    else this.#test(ANSWER_MS / 2);
  }

  async #lost() {
    const refused = !this.#opened;
    this.#drop();
    const socket = this.#socket;
    this.#options.onState("waiting", "");
    const joinState = refused ? await this.#options.joinState() : "open";
    if (this.#over || this.#socket !== socket) return;
    if (!RETRIED.includes(joinState)) {
      this.close(joinState);
      return;
    }
    if (joinState === "full" || joinState === "limited") this.#options.onState("waiting", joinState);
    if (refused && joinState === "open" && this.#attempt >= 2) this.#options.onState("waiting", "refused");
    this.#after("retry", backoffMs(this.#attempt++), () => this.open());
  }

  #drop() {
    for (const name of [...this.#timers.keys()]) this.#cancel(name);
    const socket = this.#socket;
    this.#socket = null;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
  }

  /** @param {string} name @param {number} milliseconds @param {() => void} act */
  #after(name, milliseconds, act) {
    this.#cancel(name);
    const run = () => {
      this.#timers.delete(name);
      act();
    };
    this.#timers.set(name, setTimeout(run, milliseconds));
  }

  /** @param {string} name */
  #cancel(name) {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }
}
