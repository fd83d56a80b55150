/** Who listens: how many read and hear each language, and whether their voices are made. */
import { $ } from "./elements.js";
import { RosterBars } from "./roster-bars.js";
import { listeners } from "./sentence-log.js";

export class Audience {
  #languages;
  /** From the first failure on. @type {import("./voice-failures.js").VoiceFailures | undefined} */
  #failures;

  /** @param {Language[]} languages */
  constructor(languages) {
    this.#languages = languages;
    this.roster = new RosterBars($("roster"), languages);
  }

  /** @param {RosterMessage | SessionStatus} message */
  show({ listenerCount, languages: counts, voices = {} }) {
    $("count").textContent = String(listenerCount);
    $("nobody").hidden = listenerCount > 0;
    $("hall-count").textContent = listenerCount ? `${listeners(listenerCount)} so far` : "";
    this.roster.show(counts, voices);
    this.#failures?.listened(voices);
  }

  /** @param {SpeechFailed} message */
  async voiceFailed(message) {
    const loaded = await import("./voice-failures.js").catch(() => null);
    if (!loaded) return;
    this.#failures ??= new loaded.VoiceFailures($("voices-notice"), this.#languages);
    this.#failures.failed(message);
  }

  /** @param {Spoken} report */
  reported({ sequence }) {
    this.#failures?.spoken(sequence);
  }
}
