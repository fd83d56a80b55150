/** The voice that reads the captions: the stage's, else the device's own if the listener chooses that. */
import { getSession } from "./api.js";
import { AwaitedSounds, isSpeakable } from "./awaited-sounds.js";
import { keep, recall } from "./browser-storage.js";
import { DeviceSource, deviceVoice, spokenMs } from "./device-source.js";
import { pass, sessionId } from "./entry.js";
import { languageOf } from "./languages.js";
import { loadStyle } from "./load-style.js";
import { Player } from "./player.js";
import { PlayerBar } from "./player-bar.js";
import { SoundSource } from "./sound-source.js";
import { passedMs } from "./timers.js";

const clock = {
  now: passedMs,
  after(/** @type {number} */ milliseconds, /** @type {() => void} */ act) {
    const timer = setTimeout(act, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** It comes with its style. @param {VoiceParts} parts */
export async function load(parts) {
  await loadStyle(new URL("./player.css", import.meta.url));
  return new Voice(parts);
}

export class Voice {
  #list;
  #onReads;
  #bar;
  #stage;
  #device = new DeviceSource();
  #player;
  #awaited = new AwaitedSounds(clock, (sequence) => this.#lack(sequence));
  /** @type {Language | undefined} */
  #language;
  /** @type {"stage" | "device" | "none"} */
  #reader = "none";
  /** The device's own voice is wanted where the stage has none. */
  #mayDevice = recall("device voice") === "yes";

  /** @param {VoiceParts} parts */
  constructor({ list, audio, silence, onReads }) {
    this.#list = list;
    this.#onReads = onReads;
    this.#stage = new SoundSource(audio, silence, () => this.#player.pause());
    this.#bar = new PlayerBar({
      onPause: () => this.#player.pause(),
      onResume: () => this.#player.resume(),
      onVolume: (volume, isMuted) => {
        this.#stage.setVolume(volume, isMuted);
        this.#device.setVolume(volume, isMuted);
      },
      onDevice: (isWanted) => this.#chooseDevice(isWanted),
    });
    this.#player = new Player({
      source: this.#stage,
      clock,
      onSkip: (sequences, why) => this.#skipped(sequences, why),
      onState: (state) => {
        this.#bar.showState(state);
        this.#tellReads();
      },
    });
    document.addEventListener("visibilitychange", () => document.hidden || this.#player.advance());
    window.speechSynthesis?.addEventListener("voiceschanged", () => this.use(this.#language));
    getSession(sessionId, pass())
      .then(({ title }) => this.#bar.setTitle(title || sessionId))
      .catch(() => this.#bar.setTitle(sessionId));
  }

  start() {
    this.#bar.show();
    this.#player.start();
  }

  stop() {
    this.#awaited.clear();
    this.#player.stop();
    this.#bar.hide();
  }

  restart() {
    this.#awaited.clear();
    this.#player.restart();
  }

  /** From the next sentence on. @param {Language | undefined} language */
  use(language) {
    const isChanged = language?.code !== this.#language?.code;
    this.#language = language;
    const canDevice = Boolean(language && !language.voice && deviceVoice(language.code));
    this.#reader = language?.voice ? "stage" : canDevice && this.#mayDevice ? "device" : "none";
    if (isChanged) this.#awaited.clear();
    if (isChanged && language) this.#player.keepOnly(language.code);
    this.#player.use(this.#reader === "device" ? this.#device : this.#stage);
    this.#bar.showReader(this.#reader, canDevice, this.#mayDevice, language);
    this.#tellReads();
  }

  /** @param {Speech} message */
  hear(message) {
    if (this.#reader !== "stage" || message.language !== this.#language?.code) return;
    this.#awaited.came(message.sequence);
    this.#tellSilence();
    this.#player.add(message);
  }

  /** @param {Caption} caption */
  read(caption) {
    const { sequence, text, untranslated } = caption;
    const language = languageOf(caption);
    if (this.#reader === "device" && deviceVoice(language))
      this.#player.add({ sequence, language, text, durationMs: spokenMs(text) });
    else if (untranslated || this.#reader === "device" || !isSpeakable(text)) this.#player.leaveOut(sequence);
    else if (this.#reader === "stage" && this.#player.state !== "off") this.#awaited.expect(sequence);
  }

  /** While the connection was lost. @param {number} sequence */
  miss(sequence) {
    if (this.#player.state !== "off") this.#bar.mark(this.#list, sequence);
  }

  /** What was heard is not said again; what the device has still to read, it reads with the new words. @param {Caption} caption */
  correct({ sequence, text }) {
    if (this.#reader === "device") this.#player.reword(sequence, text);
  }

  /** @param {number} sequence */
  retract(sequence) {
    this.#awaited.settle([sequence]);
    this.#player.leaveOut(sequence);
  }

  /** @param {boolean} isWanted */
  #chooseDevice(isWanted) {
    this.#mayDevice = isWanted;
    keep("device voice", isWanted ? "yes" : "");
    this.use(this.#language);
  }

  /** No sound of it has come: the stage has failed to make one, or it is lost. @param {number} sequence */
  #lack(sequence) {
    this.#player.leaveOut(sequence);
    this.#bar.mark(this.#list, sequence);
    this.#tellSilence();
  }

  #tellSilence() {
    this.#bar.showSilence(this.#awaited.isSilent);
    this.#tellReads();
  }

  #tellReads() {
    this.#onReads(this.#reader !== "none" && this.#player.state === "on" && !this.#awaited.isSilent);
  }

  /** @param {number[]} sequences @param {SkipReason} why */
  #skipped(sequences, why) {
    this.#awaited.settle(sequences);
    for (const sequence of sequences) this.#bar.mark(this.#list, sequence);
    this.#bar.showSkip(why);
  }
}
