/** Notes what really plays on a page: see playing.py. */
(() => {
  const notes = { captions: [], speeches: [], looks: [] };
  window.playing = notes;
  const Plain = WebSocket;
  window.WebSocket = class extends Plain {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", ({ data }) => {
        const message = JSON.parse(data);
        const note = { ...message, at: performance.now() };
        if (message.type === "caption") notes.captions.push(note);
        if (message.type === "speech") notes.speeches.push(note);
      });
    }
  };
  const sources = new WeakMap();
  const addresses = new Map();
  const trace = (made, from) => { sources.set(made, from); return made; };
  for (const read of ["blob", "arrayBuffer"]) {
    const plain = Response.prototype[read];
    Response.prototype[read] = async function () { return trace(await plain.call(this), this.url); };
  }
  const PlainBlob = Blob;
  window.Blob = class extends PlainBlob {
    constructor(parts = [], options = {}) {
      super(parts, options);
      for (const part of parts) if (Object(part) === part && sources.has(part)) trace(this, sources.get(part));
    }
  };
  const create = URL.createObjectURL;
  URL.createObjectURL = (blob) => {
    const address = create.call(URL, blob);
    addresses.set(address, sources.get(blob) ?? "");
    return address;
  };
  const elements = new Map();
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () {
    if (!elements.has(this)) elements.set(this, { source: "", time: 0 });
    return play.call(this);
  };
  setInterval(() => {
    const at = performance.now();
    for (const [element, last] of elements) {
      const { currentSrc: source, currentTime: time } = element;
      const moved = source === last.source && time > last.time;
      elements.set(element, { source, time });
      if (!moved || element.muted || element.volume < 0.05) continue;
      const url = addresses.get(source) ?? source;
      notes.looks.push({ at, url, seconds: time, rate: element.playbackRate });
    }
  }, 40);
})();
