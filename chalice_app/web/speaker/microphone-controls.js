/** The console's microphone: its switch, what is heard, its level, and notices that it alone clears. */
import { LEVELS, MICROPHONE } from "./console-notices.js";
import { Dictation } from "./dictation.js";
import { $ } from "./elements.js";

/** @param {string} language @param {(text: string) => void} say */
export function microphoneControls(language, say) {
  /** @type {import("./level-meter.js").LevelMeter | null} */
  let meter = null;
  const dictation = new Dictation({ language, onInterim: showInterim, onSentence: say, onChange: show });
  $("microphone").addEventListener("click", () => (dictation.isOn ? dictation.stop() : dictation.start()));
  show(false, "");

  /** @param {boolean} isOn @param {string} problem "" for none */
  function show(isOn, problem) {
    const label = Dictation.isSupported ? "Use the microphone" : "No speech recognition in this browser";
    $("microphone").setAttribute("aria-pressed", String(isOn));
    $("microphone").textContent = isOn ? "Stop listening" : label;
    $("microphone-notice").hidden = !problem;
    $("microphone-notice").textContent = problem && (MICROPHONE[problem] ?? MICROPHONE.unsteady ?? "");
    measure();
  }

  /** Who types needs no meter: it is loaded when the microphone is first switched on. */
  async function measure() {
    if (dictation.isOn && !meter) {
      const loaded = await import("./level-meter.js").catch(() => null);
      if (loaded) meter ??= new loaded.LevelMeter(showLevel);
    }
    if (dictation.isOn) meter?.start();
    else meter?.stop();
  }

  /** @param {string} text */
  function showInterim(text) {
    $("interim").textContent = text;
    $("interim").hidden = !text;
  }

  /** @param {{level: number, warning: string} | null} measured */
  function showLevel(measured) {
    const warning = LEVELS[measured?.warning ?? ""] ?? "";
    $("level").hidden = !measured;
    $("level").value = measured?.level ?? 0;
    $("level-warning").hidden = !warning;
    // Not at each measurement: a screen reader would read it ten times a second.
    if ($("level-warning").textContent !== warning) $("level-warning").textContent = warning;
  }

  return dictation;
}
