/** One stream of a recogniser: its grant, its socket, how far the talk's audio was sent on it, and what came back. */
import { milliseconds, samplesIn } from "./kept-audio.js";
import { audioMessage, readMessage } from "./transcribe-messages.js";

/** AWS asks for chunks of 50 to 200 ms. */
const CHUNK = samplesIn(100);
/** What the socket may hold back: 2 s of audio. More waits here, where it can be sent on another socket. */
const MOST_BUFFERED = 64 * 1024;
/** A socket that does not open has so long. */
const OPEN_MS = 5_000;
/** What exceptions mean. Others are the service's own trouble. @type {Record<string, StreamState["problem"]>} */
const PROBLEMS = { LimitExceededException: "limited" };

/**
 * @typedef {object} Failure
 * @property {StreamState["problem"]} problem
 * @property {boolean} [isPrompt] nothing is wrong with the service
 * @property {boolean} [isFinal] another try would fail as well
 * @property {number} [retryAfterMs] what the server asks for
 *
 * @typedef {object} ConnectionOptions
 * @property {import("./stream-grant.js").StreamGrant} grant
 * @property {(url: string) => AudioSocket} openSocket
 * @property {StreamClock} clock
 * @property {import("./kept-audio.js").KeptAudio} audio
 * @property {() => number} onOpen answers with the place in the talk's audio from which it is sent
 * @property {(results: HeardResult[]) => void} onResults also of none: the recogniser answers
 * @property {(failure: Failure) => void} onFailure the last that it says
 * @property {() => void} onEnd the last: after `end`, the recogniser has sent all that it had
 */

export class TranscribeConnection {
  #options;
  /** @type {AudioSocket | null} */
  #socket = null;
  #openBy = Infinity;
  #isOpen = false;
  #isEnding = false;
  #hasEnded = false;
  #isClosed = false;
  /** Places in the talk's audio: where the stream began, and how far it was sent. */
  #offset = 0;
  #sent = 0;

  /** @param {ConnectionOptions} options */
  constructor(options) {
    this.#options = options;
    this.#open();
  }

  async #open() {
    const { grant, openSocket, clock } = this.#options;
    const answer = await grant.get();
    if (this.#isClosed) return;
    if (!("url" in answer)) return this.#fail(answer);
    this.#openBy = clock.now() + OPEN_MS;
    try {
      this.#socket = openSocket(answer.url);
    } catch {
      grant.failed();
      return this.#fail({ problem: "unreachable" });
    }
    this.#socket.binaryType = "arraybuffer";
    this.#socket.onopen = () => this.#opened();
    this.#socket.onmessage = ({ data }) => this.#read(data);
    this.#socket.onclose = ({ code }) => this.#over(code);
  }

  /** Whether it takes too long to open is seen here. */
  tick() {
    if (this.#options.clock.now() >= this.#openBy) this.#over(0);
    else this.send();
  }

  get isOpen() {
    return this.#isOpen;
  }

  /** How much of the talk was sent, in samples. */
  get sent() {
    return this.#sent;
  }

  /** Sends what the socket takes now. */
  send() {
    const { audio } = this.#options;
    const socket = this.#socket;
    if (!socket || !this.#isOpen || this.#hasEnded) return;
    while (audio.end - this.#sent >= (this.#isEnding ? 1 : CHUNK) && socket.bufferedAmount < MOST_BUFFERED) {
      const samples = audio.read(this.#sent, CHUNK);
      socket.send(audioMessage(samples));
      this.#sent += samples.length;
    }
    if (!this.#isEnding || this.#sent < audio.end) return;
    this.#hasEnded = true;
    socket.send(audioMessage(new Int16Array()));
  }

  /** No audio follows: the rest is sent, and the recogniser is asked for its last words. */
  end() {
    this.#isEnding = true;
    this.send();
  }

  /** Nothing comes of it any more. */
  close() {
    this.#isClosed = true;
    this.#isOpen = false;
    if (!this.#socket) return;
    this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket.close();
  }

  #opened() {
    this.#isOpen = true;
    this.#openBy = Infinity;
    this.#options.grant.worked();
    this.#offset = this.#sent = this.#options.onOpen();
    this.send();
  }

  /** @param {unknown} data */
  #read(data) {
    let message;
    try {
      message = readMessage(data, milliseconds(this.#offset));
    } catch {
      return this.#fail({ problem: "failing" });
    }
    if ("results" in message) return this.#options.onResults(message.results);
    // "Your request timed out because no new audio was received for 15 seconds."
    const isPrompt = message.exception === "BadRequestException" && /timed? ?out|no new audio/i.test(message.message);
    this.#fail({ problem: PROBLEMS[message.exception] ?? "failing", isPrompt });
  }

  /** @param {number} code of the socket's end; 0: it did not even open */
  #over(code) {
    // 1005: closed in order, without a code.
    if (this.#hasEnded && (code === 1000 || code === 1005)) {
      this.close();
      return this.#options.onEnd();
    }
    if (!this.#isOpen) this.#options.grant.failed();
    // 1006: cut, or never open.
    this.#fail({ problem: this.#isOpen && code !== 1006 ? "failing" : "unreachable" });
  }

  /** @param {Failure} failure */
  #fail(failure) {
    this.close();
    this.#options.onFailure(failure);
  }
}
