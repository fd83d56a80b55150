/**
 * Keeps the screen on, by the Screen Wake Lock API. Browsers have it on secure pages alone: elsewhere a
 * video of one pixel plays from the first tap on. Its stream has a picture and a silent sound because
 * of what engines ask of a video that keeps a screen on: Blink (VideoWakeLock) to be in view, and large
 * or a stream; Gecko a picture, and a sound or a stream; WebKit (shouldDisableSleep) a picture, a sound
 * that is not muted, and no `loop`.
 */
import { element } from "./elements.js";

export class WakeLock {
  /** @type {WakeLockSentinel | null} */
  #sentinel = null;
  /** @type {HTMLVideoElement | null} */
  #video = null;
  #isWanted = false;
  #isAsking = false;
  /** @type {AudioContext | null} */
  #audio = null;
  #timer = 0;
  #box;
  #hints;

  /**
   * @param {HTMLInputElement} box the switch, inside its label: shows whether the screen is kept on
   * @param {HTMLElement[]} hints shown where it is not although it should be
   */
  constructor(box, ...hints) {
    this.#box = box;
    this.#hints = hints;
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
    this.#take();
  }

  release() {
    this.#isWanted = false;
    this.#sentinel?.release();
    this.#sentinel = null;
    clearInterval(this.#timer);
    this.#audio?.close();
    this.#video?.remove();
    this.#audio = this.#video = null;
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
      else if (this.#video || navigator.userActivation?.isActive !== false) await this.#play();
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

  async #play() {
    this.#video ??= this.#newVideo();
    await this.#video.play();
  }

  #newVideo() {
    const canvas = element("canvas");
    const context = canvas.getContext("2d");
    const stream = canvas.captureStream();
    // A picture that never changes is not sent.
    this.#timer = setInterval(() => context?.fillRect(0, 0, canvas.width, canvas.height), 1_000);
    this.#audio = new AudioContext();
    for (const track of this.#audio.createMediaStreamDestination().stream.getTracks()) stream.addTrack(track);
    const video = element("video", "awake");
    video.playsInline = true;
    video.ariaHidden = "true";
    video.srcObject = stream;
    video.addEventListener("pause", () => this.#show());
    document.body.append(video);
    return video;
  }
}
