/** Timers by name, or by what they are for: one that is set again, or cancelled, does not act any more. */

/** @template Name */
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
