/** Timers, and a clock for them that nobody can set. */

/** Less is the clocks' own drift. */
const STEP_MS = 1_000;

let ahead = Date.now() - performance.now();
let slept = 0;

/**
 * Milliseconds that have passed. `Date` may be years off, and be set meanwhile; `performance` stands still
 * while some devices sleep. What the first gains on the second is taken for sleep.
 */
export function passedMs() {
  const ran = performance.now();
  const gained = Date.now() - ran - ahead;
  if (Math.abs(gained) >= STEP_MS) {
    ahead += gained;
    slept += Math.max(0, gained);
  }
  return ran + slept;
}

/**
 * By name, or by what they are for: one that is set again, or cancelled, does not act any more.
 * @template Name
 */
export class Timers {
  /** @type {Map<Name, number>} */
  #running = new Map();

  /** @param {Name} name @param {number} milliseconds @param {() => void} act */
  after(name, milliseconds, act) {
    this.cancel(name);
    const run = () => {
      this.#running.delete(name);
      act();
    };
    this.#running.set(name, setTimeout(run, milliseconds));
  }

  /** @param {Name} name */
  has(name) {
    return this.#running.has(name);
  }

  /** @param {Name[]} names none: all */
  cancel(...names) {
    for (const name of names.length ? names : [...this.#running.keys()]) {
      clearTimeout(this.#running.get(name));
      this.#running.delete(name);
    }
  }
}
