/** The voice's controls under the page's head, and on the lock screen; and what is said about the voice. */
import { $, button, element } from "./elements.js";
import { nativeName } from "./languages.js";
import { word } from "./localization.js";
import { playerWord } from "./player-words.js";

/** So long a skip is spoken of. */
const SKIP_MS = 8000;

export class PlayerBar {
  #options;
  #bar = element("section", "player");
  #pause = button("", () => (this.#isPaused ? this.#options.onResume() : this.#options.onPause()));
  #mute = button("", () => this.#setVolume(!this.#isMuted));
  #volume = element("input");
  #device = button("", () => this.#options.onDevice(!this.#isDevice));
  #status = element("p", "player-status");
  /** @type {PlayerState} */
  #state = "off";
  /** @type {"stage" | "device" | "none"} */
  #reader = "none";
  /** @type {Language | undefined} */
  #language;
  #isSilent = false;
  #canDevice = false;
  #isDevice = false;
  #isMuted = false;
  #skipTimer = 0;
  #isSkipping = false;
  #title = "";
  #artist = "";

  /** @param {PlayerBarOptions} options */
  constructor(options) {
    this.#options = options;
    this.#bar.hidden = true;
    Object.assign(this.#volume, { type: "range", min: "0", max: "1", step: "0.05", value: "1" });
    this.#volume.addEventListener("input", () => this.#setVolume(false));
    this.#status.role = "status";
    this.#bar.append(this.#pause, this.#mute, this.#volume, this.#device, this.#status);
    $("settings").after(this.#bar);
    const { mediaSession } = navigator;
    mediaSession?.setActionHandler("play", () => this.#options.onResume());
    mediaSession?.setActionHandler("pause", () => this.#options.onPause());
  }

  show() {
    this.#bar.hidden = false;
    this.#write();
  }

  hide() {
    this.#bar.hidden = true;
    this.#write();
  }

  /** @param {string} title */
  setTitle(title) {
    this.#title = title;
    this.#write();
  }

  /** @param {PlayerState} state */
  showState(state) {
    this.#state = state;
    this.#write();
  }

  /**
   * Who reads, and whether the device could.
   * @param {"stage" | "device" | "none"} reader @param {boolean} canDevice @param {boolean} isDevice
   * @param {Language | undefined} language
   */
  showReader(reader, canDevice, isDevice, language) {
    this.#reader = reader;
    this.#language = language;
    this.#canDevice = canDevice;
    this.#isDevice = isDevice;
    this.#artist = language ? nativeName([language], language.code) : "";
    this.#write();
  }

  /** @param {boolean} isSilent no sounds come */
  showSilence(isSilent) {
    this.#isSilent = isSilent;
    this.#write();
  }

  /** What failed or is missing is marked at its caption alone. @param {SkipReason} why */
  showSkip(why) {
    if (why === "failed" || why === "missing") return;
    this.#isSkipping = true;
    clearTimeout(this.#skipTimer);
    this.#skipTimer = setTimeout(() => {
      this.#isSkipping = false;
      this.#write();
    }, SKIP_MS);
    this.#write();
  }

  /** Notes at a caption that it was not heard. @param {import("./caption-list.js").CaptionList} list @param {number} sequence */
  mark(list, sequence) {
    list.note(sequence, "unheard", playerWord("unheard"));
  }

  get #isPaused() {
    return this.#state === "paused" || this.#state === "blocked";
  }

  /** @param {boolean} isMuted */
  #setVolume(isMuted) {
    this.#isMuted = isMuted;
    this.#options.onVolume(Number(this.#volume.value), isMuted);
    this.#write();
  }

  #write() {
    const hasVoice = this.#reader !== "none";
    for (const control of [this.#pause, this.#mute, this.#volume]) control.hidden = !hasVoice;
    this.#pause.textContent = playerWord(this.#isPaused ? "resume" : "pause");
    this.#pause.classList.toggle("main", this.#state === "blocked");
    this.#mute.textContent = playerWord("mute");
    this.#mute.ariaPressed = String(this.#isMuted);
    this.#volume.ariaLabel = playerWord("volume");
    this.#device.hidden = !this.#canDevice;
    this.#device.textContent = playerWord("device");
    this.#device.ariaPressed = String(this.#isDevice);
    this.#bar.ariaLabel = playerWord("voice");
    const status = this.#words();
    // Unchanged, it is not announced again.
    if (this.#status.textContent !== status) this.#status.textContent = status;
    this.#writeSession();
  }

  #words() {
    if (!this.#language) return "";
    if (this.#reader === "none") return playerWord("none");
    if (this.#state === "blocked") return playerWord("blocked");
    if (this.#state === "failing" || this.#isSilent) return playerWord("failing");
    if (this.#isSkipping) return playerWord("skipped");
    if (this.#reader === "device") return playerWord("deviceReads");
    const quality = this.#language.voice;
    return quality === "fair" || quality === "draft" ? `${playerWord("voice")}: ${word(quality)}` : "";
  }

  /** The lock screen's. */
  #writeSession() {
    const { mediaSession } = navigator;
    if (!mediaSession) return;
    const isOff = this.#bar.hidden || this.#reader !== "stage";
    mediaSession.metadata = isOff ? null : new MediaMetadata({ title: this.#title, artist: this.#artist });
    mediaSession.playbackState = isOff ? "none" : this.#isPaused ? "paused" : "playing";
  }
}
