/** Follows the address at which listeners find the pages: in a hall it changes with the network. */
import { root } from "./api.js";
import { backoffMs } from "./pauses.js";

/** A page of text cannot be parsed here: the policy lets no text become markup. An origin needs no escapes. */
const NAMED = /<meta name="listeners-url" content="([^"]+)"/;
/** After so many tries it waits for the next sign of the network. */
const TRIES = 6;
const TIMEOUT_MS = 8_000;

export class ListenersAddress {
  #address;
  #onMove;
  /** Of the newest look: a former one's answer may be older. */
  #look = 0;

  /** @param {string} address @param {(address: string) => void} onMove */
  constructor(address, onMove) {
    this.#address = address;
    this.#onMove = onMove;
    window.addEventListener("online", () => this.look());
    document.addEventListener("visibilitychange", () => document.hidden || this.look());
  }

  /** Asks the server for this page again, until it answers. */
  async look() {
    const look = (this.#look += 1);
    for (let attempt = 0; attempt < TRIES && look === this.#look; attempt += 1) {
      const address = await namedNow();
      if (look !== this.#look) return;
      if (address && address !== this.#address) this.#onMove((this.#address = address));
      if (address !== null) return;
      await new Promise((resolve) => setTimeout(resolve, backoffMs(attempt)));
    }
  }
}

/** The address that the page names now: "" for none, null without an answer. */
async function namedNow() {
  try {
    const answer = await fetch(root, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) });
    return answer.ok ? (NAMED.exec(await answer.text())?.[1] ?? "") : null;
  } catch {
    return null;
  }
}
