/** A WebSocket that comes back by itself, and notices when it has silently died. */

const FIRST_MS = 1500;
const LONGEST_MS = 20_000;
const ANSWER_MS = 10_000;
const RETRIED = ["", "open", "full", "limited", "unreachable"];
const BUSY_MS = 500;

/** API Gateway's own words, without a type, when the function that had a message has died. */
const FUNCTION_DIED = "Internal server error";
const DIED_ERROR = { type: "error", code: "INTERNAL", message: FUNCTION_DIED, retryAfterMs: 2000 };

/** How a connection ends that the server closes on purpose; networks and old age have other codes. */
const CLOSED_ON_PURPOSE = 1000;

/**
 * The pause before a try: "full jitter", so that a hall which lost its network together does not
 * come back in one second.
 */
export function backOff(attempt, random = Math.random) {
  return 200 + random() * Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt);
}

/** When, within so many milliseconds, a line is renewed. */
export function moment(milliseconds, random = Math.random) {
  return random() * milliseconds;
}

/**
 * @typedef {object} LineOptions
 * @property {() => string} address where to connect to, asked at each try
 * @property {() => Promise<string>} verdict asked after a refused handshake, which tells browsers
 *   nothing: those in RETRIED mean another try, anything else is final
 * @property {(message: any) => void} onMessage
 * @property {(state: "connecting" | "live" | "waiting" | "over", why: string) => void} onState
 * @property {() => void} [onDismissed] the server has closed it on purpose; without it that is a loss
 *   like any other
 * @property {() => boolean} [busy] asked before the line is renewed: true puts it off
 * @property {number} quietMs how long nothing may come before the line is tested
 */

export class Line {
  #options;
  #socket = null;
  #attempt = 0;
  #opened = false;
  #timers = new Map();
  #over = false;

  /** @param {LineOptions} options */
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
      const { onDismissed } = this.#options;
      if (code === CLOSED_ON_PURPOSE && onDismissed) onDismissed();
      else this.#lost();
    };
    this.#after("handshake", ANSWER_MS * 2, () => this.#lost());
  }

  /** Connects at once instead of at the end of the pause. */
  retryNow() {
    this.#attempt = 0;
    this.open();
  }

  /** Closes for good. */
  close(why) {
    this.#over = true;
    this.#drop();
    this.#options.onState("over", why);
  }

  /** Sends a message; false when the line is down and nothing was sent. */
  send(message) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

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
   * The server closes a line that grows old: it is renewed before, at a moment of its own, so that a
   * hall which came together does not come back together. Asked again, it keeps to that moment.
   */
  #renewWithin(milliseconds) {
    if (this.#timers.has("renew")) return;
    const renew = () => (this.#options.busy?.() ? this.#after("renew", BUSY_MS, renew) : this.open());
    this.#after("renew", moment(milliseconds), renew);
  }

  /** Whatever comes proves that the line lives; silence is tested with a heartbeat. */
  #heard() {
    this.#cancel("handshake");
    this.#cancel("answer");
    this.#after("quiet", this.#options.quietMs, () => this.#test(ANSWER_MS));
  }

  #test(patienceMs) {
    if (this.send({ action: "heartbeat" })) this.#after("answer", patienceMs, () => this.#lost());
  }

  /** The network or the page is back: do not wait for a timer that may have slept. */
  #wake() {
    if (this.#over) return;
    if (this.#timers.has("retry")) this.#after("retry", Math.random() * FIRST_MS, () => this.open());
    else this.#test(ANSWER_MS / 2);
  }

  async #lost() {
    const refused = !this.#opened;
    this.#drop();
    const socket = this.#socket;
    this.#options.onState("waiting", "");
    const verdict = refused ? await this.#options.verdict() : "";
    if (this.#over || this.#socket !== socket) return;
    if (!RETRIED.includes(verdict)) {
      this.close(verdict);
      return;
    }
    if (verdict === "full" || verdict === "limited") this.#options.onState("waiting", verdict);
    if (verdict === "open" && this.#attempt >= 2) this.#options.onState("waiting", "refused");
    this.#after("retry", backOff(this.#attempt++), () => this.open());
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

  #after(name, milliseconds, act) {
    this.#cancel(name);
    const run = () => {
      this.#timers.delete(name);
      act();
    };
    this.#timers.set(name, setTimeout(run, milliseconds));
  }

  #cancel(name) {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }
}
