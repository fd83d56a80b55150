/**
 * A listener's player over made-up time: messages, taps and troubles come at their moments, and what was
 * heard is written down.
 */
import { Player } from "../../chalice_app/web/listener/player.js";

const FADE_MS = 150;
const FAILS_MS = 80;

class Clock {
  time = 1_000_000;
  #timers = [];

  now = () => this.time;

  after = (milliseconds, act) => {
    const timer = { at: this.time + Math.max(0, milliseconds), act };
    this.#timers.push(timer);
    return () => (this.#timers = this.#timers.filter((each) => each !== timer));
  };

  /** Does what is due, until then. `stepped`: at the end of a sleep, what was due comes late, all at once. */
  async runUntil(time) {
    await settle();
    for (;;) {
      const [next] = this.#timers.filter(({ at }) => at <= time).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.#timers = this.#timers.filter((each) => each !== next);
      this.time = Math.max(this.time, next.at);
      next.act();
      await settle();
    }
    this.time = time;
  }
}

async function settle() {
  for (let turn = 0; turn < 20; turn += 1) await null;
}

/** Plays nothing, and takes the time that it would take. */
class Source {
  heard = [];
  mostAtOnce = 0;
  forgotten = [];
  prepared = new Set();
  isBlocked = false;
  rests = [];
  #clock;
  #current = null;
  #sounding = 0;

  constructor(clock, canPause) {
    this.#clock = clock;
    this.canPause = canPause;
  }

  prepare(sounds) {
    for (const { sequence, part } of sounds) this.prepared.add(`${sequence}.${part}`);
  }

  forget({ sequence, part }) {
    this.forgotten.push(`${sequence}.${part}`);
  }

  play(sound, rate, onDuration) {
    return new Promise((resolve) => {
      if (this.isBlocked) return resolve("blocked");
      if (sound.kind === "fails") return this.#clock.after(FAILS_MS, () => resolve("failed"));
      const length = sound.realMs ?? sound.durationMs;
      const { sequence, part, language } = sound;
      const entry = { sequence, part, language, at: this.#clock.now(), endedAt: null, rates: [rate], heardMs: 0 };
      this.heard.push(entry);
      this.mostAtOnce = Math.max(this.mostAtOnce, (this.#sounding += 1));
      this.#current = { entry, resolve, rate, leftMs: length, at: this.#clock.now(), cancel: () => {} };
      onDuration(length);
      if (sound.kind !== "endless") this.#plan();
    });
  }

  setRate(rate) {
    if (!this.#current) return;
    this.#count();
    this.#current.rate = rate;
    this.#current.entry.rates.push(rate);
    this.#plan();
  }

  stop() {
    return new Promise((resolve) => this.#clock.after(FADE_MS, () => {
      this.#end("stopped");
      resolve();
    }));
  }

  pause() {
    if (!this.canPause) {
      this.#end("stopped");
      return false;
    }
    this.#count();
    this.#current?.cancel();
    return true;
  }

  resume() {
    if (!this.#current) return;
    this.#current.at = this.#clock.now();
    this.#plan();
  }

  rest(isOn) {
    this.rests.push(isOn);
  }

  #count() {
    if (!this.#current) return;
    const { at, rate } = this.#current;
    this.#current.leftMs -= (this.#clock.now() - at) * rate;
    this.#current.at = this.#clock.now();
  }

  #plan() {
    const current = this.#current;
    current.cancel();
    current.cancel = this.#clock.after(current.leftMs / current.rate, () => this.#end("ended"));
  }

  #end(outcome) {
    if (!this.#current) return;
    this.#count();
    const { entry, resolve, leftMs, cancel } = this.#current;
    cancel();
    this.#sounding -= 1;
    this.#current = null;
    Object.assign(entry, { endedAt: this.#clock.now(), outcome, leftMs: Math.round(leftMs) });
    resolve(outcome);
  }
}

/**
 * `moments`: `[atMs, act, argument]`, in order of time. What is heard has the times since the beginning.
 * @returns what was heard, what was skipped and why, and the states that the page showed
 */
export async function listen({ moments, untilMs, canPause = true }) {
  const clock = new Clock();
  const begin = clock.now();
  const source = new Source(clock, canPause);
  const skipped = [];
  const states = [];
  const player = new Player({
    source,
    clock,
    onSkip: (sequences, why) => skipped.push({ sequences, why, at: clock.now() - begin }),
    onState: (state) => states.push(state),
  });
  player.start();
  const acts = {
    add: (sound) => player.add({ language: "es", durationMs: 2000, url: `${sound.sequence}`, ...sound }),
    leaveOut: (sequence) => player.leaveOut(sequence),
    language: (language) => player.keepOnly(language),
    pause: () => player.pause(),
    resume: () => player.resume(),
    block: (isBlocked) => (source.isBlocked = isBlocked),
    restart: () => player.restart(),
    stop: () => player.stop(),
    start: () => player.start(),
  };
  for (const [at, act, argument] of moments) {
    await clock.runUntil(begin + at);
    acts[act](argument);
  }
  await clock.runUntil(begin + untilMs);
  const heard = source.heard.map((each) => ({
    ...each,
    at: each.at - begin,
    endedAt: each.endedAt && each.endedAt - begin,
  }));
  const { mostAtOnce, forgotten, rests } = source;
  return { heard, skipped, states, mostAtOnce, forgotten, rests, prepared: [...source.prepared] };
}
