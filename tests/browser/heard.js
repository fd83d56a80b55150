/**
 * Writes down what really sounds in a page, for tests and benchmarks: runs before the page's own scripts.
 * `heard.sounds` has an entry for each sound that was played: its address, when it began and ended to
 * sound, how much of it and how fast. `heard.messages` are the speech messages with the time when they
 * came; `heard.marked()` are the sentences that the page marks as unheard. `heard.overlaps` counts
 * moments with two sounds. `heard.heldUpMs` is how late the page's timers were, all in all. Times are milliseconds by `performance.now()`. heard.py makes figures of it.
 */
(() => {
  const TICK_MS = 50;
  const sounds = [];
  const messages = [];
  const captions = [];
  const addresses = new Map();
  const blobs = new WeakMap();
  const elements = new Set();
  /** The entry of what each element is playing. */
  const current = new Map();
  let overlaps = 0;
  let heldUpMs = 0;
  let lastTick = performance.now();

  setInterval(() => {
    const now = performance.now();
    heldUpMs += Math.max(0, now - lastTick - 2 * TICK_MS);
    lastTick = now;
  }, TICK_MS);

  const blob = Response.prototype.blob;
  Response.prototype.blob = async function () {
    const made = await blob.call(this);
    blobs.set(made, this.url);
    return made;
  };
  const create = URL.createObjectURL;
  URL.createObjectURL = (made) => {
    const address = create.call(URL, made);
    if (blobs.has(made)) addresses.set(address, blobs.get(made));
    return address;
  };

  /** @param {HTMLMediaElement} element */
  function follow(element) {
    if (elements.has(element)) return;
    elements.add(element);
    const end = () => {
      const entry = current.get(element);
      if (!entry) return;
      current.delete(element);
      entry.endedAt = performance.now();
    };
    const begin = () => {
      const url = addresses.get(element.src);
      if (!url || current.has(element) || !(element.currentTime > 0)) return;
      const startedAt = performance.now() - (element.currentTime * 1000) / element.playbackRate;
      const { src, volume, muted, preservesPitch, playbackRate } = element;
      const made = { url, src, startedAt, endedAt: 0, playedMs: 0, rates: [playbackRate], volume, muted, preservesPitch };
      current.set(element, made);
      sounds.push(made);
      if (current.size > 1) overlaps += 1;
    };
    const look = () => {
      const entry = current.get(element);
      if (entry && entry.src !== element.src) end();
      if (element.paused || element.ended) return;
      begin();
      const now = current.get(element);
      if (!now) return;
      now.playedMs = Math.max(now.playedMs, element.currentTime * 1000);
      if (now.rates.at(-1) !== element.playbackRate) now.rates.push(element.playbackRate);
    };
    for (const name of ["playing", "timeupdate", "ratechange"]) element.addEventListener(name, look);
    // A pause comes before each "ended", which knows how much was played.
    const stopped = () => {
      if (element.ended) return;
      look();
      end();
    };
    for (const name of ["pause", "emptied", "error"]) element.addEventListener(name, stopped);
    // Before the page's own listener, which may give the element its next sound. A busy page has no look
    // near a sound's end, or at all while it sounds.
    const ended = () => {
      if (element.ended) begin();
      const entry = current.get(element);
      if (entry?.src === element.src) entry.playedMs = element.duration * 1000;
      end();
    };
    element.addEventListener("ended", ended, { capture: true });
    setInterval(look, 20);
  }

  const Socket = window.WebSocket;
  window.WebSocket = class extends Socket {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", ({ data }) => {
        const message = JSON.parse(data);
        if (message.type === "caption") captions.push(message);
        if (message.type === "speech") messages.push({ ...message, at: performance.now() });
      });
    }
  };

  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () {
    follow(this);
    return play.call(this);
  };

  Object.defineProperty(window, "heard", {
    value: {
      sounds,
      messages,
      marked() {
        const rows = [...document.querySelectorAll(".caption:has(.unheard)")];
        const texts = rows.map((row) => row.firstChild.textContent.trim());
        return captions.filter(({ text }) => texts.includes(text.trim())).map(({ sequence }) => sequence);
      },
      get overlaps() {
        return overlaps;
      },
      get heldUpMs() {
        return heldUpMs;
      },
      get playing() {
        return [...current.values()].map(({ url }) => url);
      },
    },
  });
})();
