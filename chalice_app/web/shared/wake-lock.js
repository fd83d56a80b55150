/**
 * Keeps the screen on, by the Screen Wake Lock API. Browsers have it on secure pages alone: elsewhere a
 * silent video plays from the first tap on.
 */
export class WakeLock {
  /** @type {WakeLockSentinel | null} */
  #sentinel = null;
  /** @type {HTMLVideoElement | null} */
  #video = null;
  #isWanted = false;
  #isAsking = false;
  /** Makes the video, once it is loaded. @type {(() => HTMLVideoElement) | undefined} */
  #newVideo;
  #box;
  #hints;

  /**
   * @param {HTMLInputElement} box the switch, inside its label: shows whether the screen is kept on
   * @param {HTMLElement[]} hints shown where it is not although it should be
   */
  constructor(box, ...hints) {
    this.#box = box;
    this.#hints = hints;
    box.disabled = false;
    box.addEventListener("change", () => (box.checked ? this.keep() : this.release()));
    // The system releases the lock, and may pause the video, when the page is hidden.
    document.addEventListener("visibilitychange", () => this.#take());
    // Safari grants the first lock, and browsers play the video, in answer to a person alone.
    for (const gesture of ["click", "keydown"]) document.addEventListener(gesture, (event) => this.#gesture(event), true);
  }

  get isOn() {
    return this.#sentinel !== null || this.#video?.paused === false;
  }

  keep() {
    this.#isWanted = true;
    // Before it is needed: Safari lets sound play in the very turn of a tap alone.
    if (!navigator.wakeLock) this.#load();
    this.#take();
  }

  release() {
    this.#isWanted = false;
    this.#sentinel?.release();
    this.#sentinel = null;
    this.#video?.pause();
    this.#video?.remove();
    this.#video = null;
    this.#show();
  }

  /** @param {Event} event */
  #gesture({ target }) {
    // The switch has its own event, which must find it as it was.
    if (!(target instanceof Element) || !target.closest("label")?.contains(this.#box)) this.#take();
  }

  async #take() {
    if (!this.#isWanted || this.isOn || this.#isAsking || document.hidden) return;
    this.#isAsking = true;
    try {
      if (navigator.wakeLock) await this.#lock();
      else if (this.#video || navigator.userActivation?.hasBeenActive !== false) await this.#play();
    } catch {
      // The system refuses it, for example because the battery is low.
    }
    this.#isAsking = false;
    if (this.#isWanted) this.#show();
    else this.release();
  }

  #show() {
    this.#box.checked = this.isOn;
    for (const hint of this.#hints) hint.hidden = this.isOn || !this.#isWanted;
  }

  async #lock() {
    this.#sentinel = await navigator.wakeLock.request("screen");
    this.#sentinel.addEventListener("release", () => {
      this.#sentinel = null;
      this.#show();
    });
  }

  async #load() {
    const loaded = await import("./awake-video.js").catch(() => null);
    this.#newVideo ??= loaded?.awakeVideo;
    this.#take();
  }

  async #play() {
    if (!this.#video) {
      this.#video = this.#newVideo?.() ?? null;
      for (const change of ["pause", "playing"]) this.#video?.addEventListener(change, () => this.#show());
    }
    await this.#video?.play();
  }
}
