/** Who listens: how many read and hear each language, and whether their voices are made. */
import { $ } from "./elements.js";
import { RosterBars } from "./roster-bars.js";
import { listeners } from "./sentence-log.js";
import { VoiceFailures } from "./voice-failures.js";

export class Audience {
  #failures;

  /** @param {Language[]} languages */
  constructor(languages) {
    this.roster = new RosterBars($("roster"), languages);
    this.#failures = new VoiceFailures($("voices-notice"), languages);
  }

  /** @param {RosterMessage | SessionStatus} message */
  show({ listenerCount, languages: counts, voices = {} }) {
    $("count").textContent = String(listenerCount);
    $("nobody").hidden = listenerCount > 0;
    $("hall-count").textContent = listenerCount ? `${listeners(listenerCount)} so far` : "";
    this.roster.show(counts, voices);
    this.#failures.listened(voices);
  }

  /** @param {SpeechFailed} message */
  voiceFailed(message) {
    this.#failures.failed(message);
  }

  /** @param {Spoken} report */
  reported({ sequence }) {
    this.#failures.spoken(sequence);
  }
}
