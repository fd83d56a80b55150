/**
 * The microphone as 16 kHz samples, and what happens to it: refused, unplugged, muted, silenced by the
 * browser. Level meter and recogniser share the one stream.
 */

/**
 * As the microphone gives it. Nothing is played here that would have to be taken out again; recognisers
 * are made for noise, and what browsers do against it takes away parts of words; and a level that the
 * browser has evened out says nothing to the meter.
 */
const AUDIO = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false };
const RATE = 16_000;
const LOOK_MS = 500;
/** A recording microphone sends ten chunks a second: after so long without one, something is wrong. */
const STALLED_MS = 2_000;
/** A microphone that another program has, or a file that did not come, is asked for again. */
const RETRY_MS = 3_000;
/** By the error's name. Others: "busy", as another program has it. @type {Record<string, string>} */
const ERRORS = {
  NotAllowedError: "not-allowed",
  SecurityError: "not-allowed",
  NotFoundError: "audio-capture",
  // The worklet's file.
  AbortError: "unloaded",
};

export class AudioCapture {
  #onChunk;
  #onProblem;
  /** @type {MediaStream | null} */
  #stream = null;
  /** @type {AudioContext | null} */
  #context = null;
  #isWanted = false;
  #isOpening = false;
  #chunkAt = 0;
  #triedAt = 0;
  #timer = 0;
  #problem = "";

  /**
   * @param {(samples: Int16Array, stream: MediaStream) => void} onChunk
   * @param {(problem: string) => void} onProblem "" when it is over; "not-allowed", "audio-capture", "busy",
   *   "unloaded", "unplugged", "muted", "suspended" or "stalled"
   */
  constructor(onChunk, onProblem) {
    this.#onChunk = onChunk;
    this.#onProblem = onProblem;
    navigator.mediaDevices.addEventListener("devicechange", () => this.#changed());
    for (const event of ["visibilitychange", "pointerdown", "keydown"]) {
      document.addEventListener(event, () => this.#context?.state === "suspended" && this.#resume());
    }
  }

  get stream() {
    return this.#stream;
  }

  start() {
    if (this.#isWanted) return;
    this.#isWanted = true;
    this.#problem = "";
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#open();
  }

  stop() {
    this.#isWanted = false;
    clearInterval(this.#timer);
    this.#close();
  }

  async #open() {
    if (this.#isOpening) return;
    this.#isOpening = true;
    this.#triedAt = performance.now();
    this.#chunkAt = Infinity;
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: AUDIO });
      this.#stream = stream;
      if (this.#isWanted) await this.#record(stream);
      this.#chunkAt = performance.now();
    } catch (error) {
      this.#close();
      if (this.#isWanted) this.#tell(ERRORS[/** @type {Error} */ (error).name] ?? "busy");
    }
    this.#isOpening = false;
    if (!this.#isWanted) this.#close();
  }

  /** @param {MediaStream} stream */
  async #record(stream) {
    const [track] = stream.getAudioTracks();
    track?.addEventListener("ended", () => this.#stream === stream && this.#unplugged());
    const { context, source } = listenTo(stream);
    this.#context = context;
    await context.audioWorklet.addModule(new URL("./audio-worklet.js", import.meta.url));
    const recorder = new AudioWorkletNode(context, "recorder", { numberOfInputs: 1, numberOfOutputs: 1 });
    recorder.port.onmessage = ({ data }) => this.#took(data, stream);
    // Its output is silence. Without a way to the loudspeakers some browsers do not run it.
    source.connect(recorder).connect(context.destination);
    await this.#resume();
  }

  /** @param {Int16Array} chunk @param {MediaStream} stream */
  #took(chunk, stream) {
    if (this.#stream !== stream) return;
    this.#chunkAt = performance.now();
    this.#onChunk(chunk, stream);
  }

  async #resume() {
    // A browser that wants a gesture first rejects it, or waits.
    await Promise.race([this.#context?.resume().catch(() => {}), new Promise((done) => setTimeout(done, LOOK_MS))]);
  }

  #unplugged() {
    this.#close();
    this.#tell("unplugged");
    this.#open();
  }

  /** Another microphone may be there now. */
  #changed() {
    if (this.#isWanted && !this.#stream) this.#open();
  }

  #look() {
    if (this.#isOpening) return;
    if (!this.#stream) {
      if (performance.now() - this.#triedAt > RETRY_MS) this.#open();
      return;
    }
    const [track] = this.#stream.getAudioTracks();
    if (track?.muted) this.#tell("muted");
    else if (this.#context?.state === "suspended") this.#tell("suspended");
    else if (performance.now() - this.#chunkAt > STALLED_MS) this.#tell("stalled");
    else this.#tell("");
  }

  /** @param {string} problem */
  #tell(problem) {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#onProblem(problem);
  }

  #close() {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#context?.close();
    this.#stream = this.#context = null;
  }
}

/** At the recogniser's rate, where the browser converts: Firefox refuses a microphone of another rate. @param {MediaStream} stream */
function listenTo(stream) {
  const context = new AudioContext({ sampleRate: RATE });
  try {
    return { context, source: context.createMediaStreamSource(stream) };
  } catch {
    context.close();
    const other = new AudioContext();
    return { context: other, source: other.createMediaStreamSource(stream) };
  }
}
