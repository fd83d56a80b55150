/** Timers by name: one that is set again, or cancelled, does not act any more. */

export class Timers {
  /** @type {Map<string, number>} */
  #running = new Map();

  /** @param {string} name @param {number} milliseconds @param {() => void} act */
  after(name, milliseconds, act) {
    this.cancel(name);
    const run = () => {
      this.#running.delete(name);
      act();
    };
    this.#running.set(name, setTimeout(run, milliseconds));
  }

  /** @param {string} name */
  has(name) {
    return this.#running.has(name);
  }

  /** @param {string[]} names none: all */
  cancel(...names) {
    for (const name of names.length ? names : [...this.#running.keys()]) {
      clearTimeout(this.#running.get(name));
      this.#running.delete(name);
    }
  }
}
