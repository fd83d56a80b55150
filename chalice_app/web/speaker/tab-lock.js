/**
 * A lock on a session among the tabs of one browser: the tab that takes it last has it, and the tab
 * that had it is notified.
 */

export class TabLock {
  #channel;
  #mine = crypto.getRandomValues(new Uint32Array(2)).join("-");

  /** @param {string} sessionId @param {() => void} onLost another tab has taken the lock */
  constructor(sessionId, onLost) {
    this.#channel = new BroadcastChannel(`speaker of ${sessionId}`);
    this.#channel.onmessage = ({ data }) => data !== this.#mine && onLost();
  }

  take() {
    this.#channel.postMessage(this.#mine);
  }

  close() {
    this.#channel.close();
  }
}
