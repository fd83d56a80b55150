/** Of the tabs of one browser that hold the same session, one speaks: the last that said so. */

export class Claim {
  #channel;
  #mine = crypto.getRandomValues(new Uint32Array(2)).join("-");

  /** @param {string} sessionId @param {() => void} onLost another tab has taken the session */
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
