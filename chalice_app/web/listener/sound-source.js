/**
 * The stage's voice: sounds that are fetched ahead, and played by one media element. Unlike Web Audio, a
 * media element goes on when the phone is locked.
 */

/** A sound that takes longer is skipped: by then others wait. */
const FETCH_MS = 6000;
/** How often it is looked whether a sound goes on. */
const LOOK_MS = 1000;
/** After so many looks without progress it is given up: there may be no sound output. */
const STUCK_LOOKS = 3;
const FADE_MS = 150;
const STEP_MS = 15;

export class SoundSource {
  #audio;
  #silence;
  #onInterrupted;
  /** What is fetched; two sentences may have one address. @type {Map<QueuedSound, {controller: AbortController, blob: Promise<Blob>}>} */
  #fetched = new Map();
  /** The address of what is loaded; "" for none. */
  #address = "";
  /** Ends what is playing. @type {((outcome: Outcome) => void) | null} */
  #finish = null;
  #isHeld = false;
  #volume = 1;

  /**
   * @param {HTMLAudioElement} audio unlocked by a tap @param {string} silence the address of a silence
   * @param {() => void} onInterrupted called when the device itself has paused: for a call, say
   */
  constructor(audio, silence, onInterrupted) {
    this.#audio = audio;
    this.#silence = silence;
    this.#onInterrupted = onInterrupted;
    audio.preservesPitch = true;
    audio.addEventListener("pause", () => {
      if (this.#finish && this.#address && !this.#isHeld && !audio.ended) this.#onInterrupted();
    });
  }

  /** @param {QueuedSound[]} sounds */
  prepare(sounds) {
    for (const each of sounds) this.#fetch(each);
  }

  /** @param {QueuedSound} sound */
  forget(sound) {
    this.#fetched.get(sound)?.controller.abort();
    this.#fetched.delete(sound);
  }

  /**
   * Resolves when the sound is over.
   * @param {QueuedSound} sound @param {number} rate @param {(durationMs: number) => void} onDuration
   * @returns {Promise<Outcome>}
   */
  play(sound, rate, onDuration) {
    return new Promise((resolve) => {
      const finish = (/** @type {Outcome} */ outcome) => {
        if (this.#finish !== finish) return;
        this.#finish = null;
        clearInterval(looks);
        this.#unload();
        resolve(outcome);
      };
      this.#finish = finish;
      const looks = this.#look(finish);
      this.#fetch(sound).then(
        (blob) => this.#finish === finish && this.#begin(blob, rate, finish, onDuration),
        () => finish("failed"),
      );
    });
  }

  /** @param {number} rate */
  setRate(rate) {
    // A new source takes the default.
    this.#audio.defaultPlaybackRate = this.#audio.playbackRate = rate;
  }

  /** @param {number} volume 0 to 1 @param {boolean} isMuted */
  setVolume(volume, isMuted) {
    this.#volume = this.#audio.volume = volume;
    this.#audio.muted = isMuted;
  }

  /** Ends what sounds, with a short fade. */
  async stop() {
    const isSounding = this.#address && !this.#isHeld;
    this.#audio.onended = this.#audio.onerror = null;
    this.#isHeld = true;
    if (isSounding) await this.#fade();
    this.#audio.pause();
    this.#audio.volume = this.#volume;
    this.#isHeld = false;
    this.#finish?.("stopped");
  }

  /** @returns {boolean} true: it goes on from here */
  pause() {
    this.#isHeld = true;
    this.#audio.pause();
    return true;
  }

  resume() {
    this.#isHeld = false;
    const finish = this.#finish;
    // At once, because this may be in the tap that the browser asked for.
    if (!finish) this.rest(true);
    else if (this.#address) this.#audio.play().catch((error) => finish(outcomeOf(error)));
  }

  /**
   * Between sentences a silence plays: a locked phone stops pages that play nothing.
   * @param {boolean} isOn
   */
  rest(isOn) {
    this.#isHeld = !isOn;
    if (this.#finish) return;
    if (!isOn) this.#audio.pause();
    else if (this.#audio.paused) this.#load(this.#silence, true).catch(() => {});
  }

  /** @param {QueuedSound} sound @returns {Promise<Blob>} */
  #fetch(sound) {
    const known = this.#fetched.get(sound);
    if (known) return known.blob;
    const controller = new AbortController();
    const blob = load(sound.url ?? "", controller);
    // Who plays it hears of a failure.
    blob.catch(() => {});
    this.#fetched.set(sound, { controller, blob });
    return blob;
  }

  /**
   * @param {Blob} blob @param {number} rate @param {(outcome: Outcome) => void} finish
   * @param {(durationMs: number) => void} onDuration
   */
  #begin(blob, rate, finish, onDuration) {
    const audio = this.#audio;
    audio.onended = () => finish("ended");
    audio.onerror = () => finish("failed");
    audio.onloadedmetadata = () => Number.isFinite(audio.duration) && onDuration(audio.duration * 1000);
    this.setRate(rate);
    this.#address = URL.createObjectURL(blob);
    this.#load(this.#address, false).catch((error) => {
      // Cut short by what the page did itself.
      if (error.name !== "AbortError") finish(outcomeOf(error));
    });
  }

  /** @param {string} address @param {boolean} loops */
  #load(address, loops) {
    this.#audio.loop = loops;
    this.#audio.src = address;
    return this.#isHeld ? Promise.resolve() : this.#audio.play();
  }

  #unload() {
    URL.revokeObjectURL(this.#address);
    this.#address = "";
    this.#audio.onended = this.#audio.onerror = this.#audio.onloadedmetadata = null;
  }

  /** Gives up what does not go on. Looks are counted, not time: both stop while the page sleeps. @param {(outcome: Outcome) => void} finish */
  #look(finish) {
    let last = -1;
    let looks = 0;
    return setInterval(() => {
      const { currentTime } = this.#audio;
      const isStuck = this.#address && !this.#isHeld && currentTime === last;
      looks = isStuck ? looks + 1 : 0;
      last = currentTime;
      if (looks >= STUCK_LOOKS) finish("failed");
    }, LOOK_MS);
  }

  /** By the clock: in the background, timers are late. */
  async #fade() {
    const start = performance.now();
    for (let gone = 0; gone < 1; gone = (performance.now() - start) / FADE_MS) {
      this.#audio.volume = this.#volume * (1 - gone);
      await new Promise((done) => setTimeout(done, STEP_MS));
    }
    this.#audio.volume = 0;
  }
}

/** @param {string} url @param {AbortController} controller */
async function load(url, controller) {
  const timer = setTimeout(() => controller.abort(), FETCH_MS);
  try {
    const response = await fetch(url, { credentials: "omit", signal: controller.signal });
    if (!response.ok) throw new Error(`${response.status}`);
    return await response.blob();
  } finally {
    clearTimeout(timer);
  }
}

/** Why a media element did not play. @param {Error} error @returns {Outcome} */
function outcomeOf({ name }) {
  return name === "NotAllowedError" ? "blocked" : "failed";
}
