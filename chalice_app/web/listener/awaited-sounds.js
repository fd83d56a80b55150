/** Which captions still wait for their sound: where no `speech` comes at all, nothing else would tell. */

/** The stage makes a sound in 4 s at most; then comes the way to the phone. */
export const AWAIT_MS = 8000;
/** After so many captions in a row without a sound, the page says so. */
const TROUBLE = 3;

export class AwaitedSounds {
  /** Ends the waiting, by sequence. @type {Map<number, () => void>} */
  #waiting = new Map();
  #clock;
  #onMissing;
  #count = 0;

  /** @param {PlayerClock} clock @param {(sequence: number) => void} onMissing called when a caption's sound has not come */
  constructor(clock, onMissing) {
    this.#clock = clock;
    this.#onMissing = onMissing;
  }

  /** So many in a row have not come that it is no accident. */
  get isSilent() {
    return this.#count >= TROUBLE;
  }

  /** @param {number} sequence of a caption that should be heard */
  expect(sequence) {
    this.settle([sequence]);
    const cancel = this.#clock.after(AWAIT_MS, () => {
      this.#waiting.delete(sequence);
      this.#count += 1;
      this.#onMissing(sequence);
    });
    this.#waiting.set(sequence, cancel);
  }

  /** A sound has come. @param {number} sequence */
  came(sequence) {
    this.#count = 0;
    this.settle([sequence]);
  }

  /** Nobody waits for these any more. @param {Iterable<number>} sequences */
  settle(sequences) {
    for (const each of sequences) {
      this.#waiting.get(each)?.();
      this.#waiting.delete(each);
    }
  }

  clear() {
    this.#count = 0;
    this.settle([...this.#waiting.keys()]);
  }
}

/** Whether a voice can say it: the stage makes no sound of marks alone. @param {string} text */
export function isSpeakable(text) {
  return /[\p{L}\p{N}]/u.test(text);
}
