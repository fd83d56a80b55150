/**
 * The microphone as a state machine: what a recogniser, the clock and the speaker do comes in, what is
 * to be done goes out. This module does not touch the page.
 */
import { Transcript } from "./transcript.js";

/** Errors that a further try does not end. */
const FATAL = ["not-allowed", "service-not-allowed", "audio-capture", "language-not-supported"];
const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 5_000;
/** The recogniser's server is not asked more often than this. */
const LONGEST_NETWORK_PAUSE_MS = 30_000;
/** Chrome ends a silent recogniser after 5 to 10 s: one that has lived so long works. */
const STEADY_MS = 5_000;
/** So many short lives in a row are worth a word. */
const SHORT_LIVES = 3;
/** After a stop, the last final comes by the network. Safari was seen to go on listening. */
const STOP_MS = 5_000;
/** The same, where the next recogniser waits for it. */
const IMPATIENT_STOP_MS = 1_000;
/** A living recogniser sends something within a minute; a phone that was locked may have ended it without a word. */
const DEAD_MS = 65_000;

export class Microphone {
  #transcript = new Transcript();
  /** @type {"off" | "listening" | "stopping" | "waiting"} waiting: for its next start */
  #life = "off";
  /** Whether the speaker wants it on. */
  #isWanted = false;
  #startedAt = 0;
  /** When the recogniser last sent something. */
  #aliveAt = 0;
  /** When to start again, while waiting; when to give up, while stopping. */
  #deadline = Infinity;
  #failures = 0;
  #error = "";
  #problem = "";
  /** A recogniser has heard something since the speaker switched it on. */
  #hasWorked = false;
  #hasHeard = false;
  #shown = { isOn: false, problem: "", interim: "" };

  get isOn() {
    return this.#isWanted;
  }

  /** When it wants a "tick", by the clock of `handle`; Infinity for never. */
  get wakeAt() {
    const steadyAt = this.#problem && this.#works ? this.#startedAt + STEADY_MS : Infinity;
    const deadAt = this.#life === "listening" ? this.#aliveAt + DEAD_MS : Infinity;
    return Math.min(this.#deadline, this.#transcript.wakeAt, steadyAt, deadAt);
  }

  get #works() {
    return this.#life === "listening" && !this.#error;
  }

  /** @param {MicrophoneEvent} event @param {number} now in milliseconds @returns {MicrophoneCommand[]} */
  handle(event, now) {
    /** @type {MicrophoneCommand[]} */
    const commands = [];
    this.#react(event, now, commands);
    this.#show(commands);
    return commands;
  }

  /** @param {MicrophoneEvent} event @param {number} now @param {MicrophoneCommand[]} out */
  #react(event, now, out) {
    switch (event.type) {
      case "on":
        this.#isWanted = true;
        this.#hasWorked = false;
        this.#failures = 0;
        this.#problem = "";
        // While stopping, the end of the former recogniser starts the next: never two.
        if (this.#life === "off" || this.#life === "waiting") this.#start(now, out);
        if (this.#life === "stopping") this.#deadline = Math.min(this.#deadline, now + IMPATIENT_STOP_MS);
        return;
      case "off":
        this.#isWanted = false;
        this.#problem = "";
        if (this.#life === "listening") this.#stop(now, out);
        if (this.#life === "waiting") this.#rest(out);
        return;
      case "finish":
        this.#isWanted = false;
        this.#problem = "";
        if (this.#life === "listening") out.push({ do: "stop" });
        this.#rest(out);
        return;
      case "retry":
        if (this.#life === "waiting") this.#start(now, out);
        return;
      case "result":
        this.#heard(event.results, now, out);
        return;
      case "error":
        this.#failed(event.error, now);
        return;
      case "end":
        this.#ended(now, out);
        return;
      case "tick":
        this.#tick(now, out);
    }
  }

  /** @param {number} now @param {MicrophoneCommand[]} out */
  #start(now, out) {
    this.#life = "listening";
    this.#deadline = Infinity;
    this.#startedAt = this.#aliveAt = now;
    this.#hasHeard = false;
    this.#error = "";
    out.push({ do: "start" });
  }

  /** What was spoken before is still to come. @param {number} now @param {MicrophoneCommand[]} out */
  #stop(now, out) {
    this.#life = "stopping";
    this.#deadline = now + STOP_MS;
    out.push({ do: "stop" });
  }

  /** No recogniser is listened to. What has been heard is said. @param {MicrophoneCommand[]} out */
  #rest(out) {
    this.#life = "off";
    this.#deadline = Infinity;
    this.#say(this.#transcript.finish(), out);
  }

  /** @param {RecognitionSlot[]} results @param {number} now @param {MicrophoneCommand[]} out */
  #heard(results, now, out) {
    if (this.#life !== "listening" && this.#life !== "stopping") return;
    this.#aliveAt = now;
    if (this.#life === "listening") this.#deadline = Infinity;
    if (results.some(({ text }) => text.trim())) {
      this.#hasWorked = this.#hasHeard = true;
      this.#failures = 0;
      this.#error = this.#problem = "";
    }
    this.#say(this.#transcript.heard(results, now), out);
  }

  /** @param {string} error @param {number} now */
  #failed(error, now) {
    if (this.#life !== "listening" && this.#life !== "stopping") return;
    if (!FATAL.includes(error)) {
      this.#error = error;
      // Its end follows. One that is late is not waited for.
      if (this.#life === "listening") this.#deadline = now + IMPATIENT_STOP_MS;
      if (error === "network" && this.#isWanted) this.#problem = error;
      return;
    }
    // Safari refuses a start that no gesture asked for, as after the phone was locked.
    const isRefused = error === "not-allowed" || error === "service-not-allowed";
    if (this.#isWanted) this.#problem = isRefused && this.#hasWorked ? "interrupted" : error;
    this.#isWanted = false;
    this.#life = "stopping";
    this.#deadline = now + STOP_MS;
  }

  /** @param {number} now @param {MicrophoneCommand[]} out */
  #ended(now, out) {
    const life = this.#life;
    if (life !== "listening" && life !== "stopping") return;
    this.#rest(out);
    if (!this.#isWanted) return;
    const isShort = !this.#hasHeard && now - this.#startedAt < STEADY_MS;
    const isNetwork = this.#error === "network";
    if (life === "listening") this.#failures = isShort || isNetwork ? this.#failures + 1 : 0;
    if (this.#failures === 0) {
      // At once: what is said in a pause is lost.
      this.#start(now, out);
      return;
    }
    if (!isNetwork && this.#failures >= SHORT_LIVES) this.#problem = "unsteady";
    const longest = isNetwork ? LONGEST_NETWORK_PAUSE_MS : LONGEST_PAUSE_MS;
    this.#life = "waiting";
    this.#deadline = now + Math.min(longest, FIRST_PAUSE_MS * 2 ** (this.#failures - 1));
  }

  /** @param {number} now @param {MicrophoneCommand[]} out */
  #tick(now, out) {
    this.#say(this.#transcript.due(now), out);
    if (this.#works && now >= this.#startedAt + STEADY_MS) this.#problem = "";
    const isDead = this.#life === "listening" && now >= this.#aliveAt + DEAD_MS;
    if (now < this.#deadline && !isDead) return;
    if (this.#life === "waiting") {
      this.#start(now, out);
      return;
    }
    out.push({ do: "abort" });
    this.#ended(now, out);
  }

  /** @param {string[]} sentences @param {MicrophoneCommand[]} out */
  #say(sentences, out) {
    for (const text of sentences) out.push({ do: "say", text });
  }

  /** @param {MicrophoneCommand[]} out */
  #show(out) {
    const shown = { isOn: this.#isWanted, problem: this.#problem, interim: this.#transcript.interim };
    const before = this.#shown;
    this.#shown = shown;
    if (shown.interim !== before.interim) out.push({ do: "interim", text: shown.interim });
    if (shown.isOn !== before.isOn || shown.problem !== before.problem) {
      out.push({ do: "show", isOn: shown.isOn, problem: shown.problem });
    }
  }
}
