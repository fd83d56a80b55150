/** The clock of a TranscribeStream where its owner brings none. @type {StreamClock} */
export const CLOCK = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  every(milliseconds, act) {
    const timer = setInterval(act, milliseconds);
    return () => clearInterval(timer);
  },
};
