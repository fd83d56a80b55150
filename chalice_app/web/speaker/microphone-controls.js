/** The console's microphone: its switch, who hears it, its level, and notices that it alone clears. */
import { LEVELS, MICROPHONE } from "./console-notices.js";
import { Dictation } from "./dictation.js";
import { $ } from "./elements.js";

const BROWSER = "Heard by your browser’s speech recognition";
const NOT_LOADED = "The stage’s recogniser could not be loaded.";

/**
 * Who can hear the speaker: nobody on an insecure page, to which browsers give no microphone. The stage's
 * recogniser gets its audio from a worklet.
 * @param {string} language @param {Language[]} languages @returns {Recognisers}
 */
export function recognisersFor(language, languages) {
  const isOffered = Boolean(languages.find(({ code }) => code === language)?.dictation);
  const hasAudio = Boolean(navigator.mediaDevices) && "AudioWorkletNode" in window;
  const stage = isSecureContext && isOffered && hasAudio;
  const browser = isSecureContext && Dictation.isSupported;
  return { stage, browser, any: stage || browser };
}

function insecure() {
  const onLaptop = `http://127.0.0.1:${location.port || 80}`;
  return `To use a microphone, open this page on the laptop itself at ${onLaptop}, or here at its https address: browsers give none to an insecure page.`;
}

/** @param {MicrophoneOptions} options */
export function microphoneControls(options) {
  const { sessionId, token, language, recognisers, before } = options;
  /** @type {import("./level-meter.js").LevelMeter | null} */
  let meter = null;
  /** @type {import("./draft-sender.js").DraftSender | null} */
  let drafts = null;
  const browser = new Dictation({ language, onInterim: showInterim, onSentence, onChange: showBrowser });
  /** @type {import("./stage-dictation.js").StageDictation | null} */
  let stage = null;
  /** Whom the switch turns on. @type {"stage" | "browser"} */
  let chosen = recognisers.stage ? "stage" : "browser";
  /** Why the stage's recogniser hears no more; only a switch clears it. */
  let fallback = "";
  let isLoading = false;
  /** Whether going on after a pause turns it on again. */
  let wasOn = false;
  const isOn = () => isLoading || browser.isOn || (stage?.isOn ?? false);
  $("microphone").addEventListener("click", () => (isOn() ? stop() : start()));
  show(false, "", isSecureContext ? "" : insecure());
  $("microphone").hidden = !isSecureContext;

  async function start() {
    fallback = "";
    loadDrafts();
    if (!recognisers.stage) return browser.start();
    chosen = "stage";
    isLoading = true;
    show(true, "", "");
    stage ??= await import("./stage-dictation.js").then((loaded) => new loaded.StageDictation({
      sessionId,
      token,
      language,
      mayGiveUp: () => recognisers.browser,
      onInterim: showInterim,
      onSentence,
      onChange: showStage,
      onStream: measure,
      onGaveUp: fallBack,
    })).catch(() => null);
    if (!isLoading) return;
    isLoading = false;
    if (stage) stage.start();
    else fallBack(NOT_LOADED);
  }

  function stop() {
    isLoading = false;
    stage?.stop();
    browser.stop();
    if (!stage?.isOn && !browser.isOn) show(false, "", "");
  }

  /** Another recogniser takes over, where there is one. @param {string} why */
  function fallBack(why) {
    fallback = why;
    chosen = "browser";
    if (recognisers.browser) browser.start();
    else show(false, `${why} Please type.`, "");
  }

  /** @param {boolean} isOn @param {string} problem "" for none */
  function showBrowser(isOn, problem) {
    const notice = problem && (MICROPHONE[problem] ?? MICROPHONE.unsteady ?? "");
    show(isOn, [fallback, notice].filter(Boolean).join(" "), isOn ? BROWSER : "");
    if (isOn) measure(null);
    else meter?.stop();
  }

  /** @param {boolean} isOn @param {string} notice @param {string} heardBy */
  function showStage(isOn, notice, heardBy) {
    if (chosen === "stage") show(isOn, notice, heardBy);
  }

  /** @param {boolean} isOn @param {string} notice @param {string} heardBy "" for nobody */
  function show(isOn, notice, heardBy) {
    const label = recognisers.any ? "Use the microphone" : "No speech recognition in this browser";
    $("microphone").setAttribute("aria-pressed", String(isOn));
    $("microphone").textContent = isOn ? "Stop listening" : label;
    // Not where nothing has changed: a screen reader would read it again.
    if ($("microphone-notice").textContent !== notice) $("microphone-notice").textContent = notice;
    $("microphone-notice").hidden = !notice;
    if ($("heard-by").textContent !== heardBy) $("heard-by").textContent = heardBy;
    $("heard-by").hidden = !heardBy;
  }

  /** Who types needs no drafts. */
  async function loadDrafts() {
    const loaded = await import("./draft-sender.js").catch(() => null);
    if (!loaded || drafts) return;
    drafts = new loaded.DraftSender(options);
    // Heard before it was there.
    drafts.show($("interim").textContent ?? "");
  }

  /** Nor a meter. @param {MediaStream | null} shared the recogniser's stream; without one the meter asks for its own */
  async function measure(shared, isWanted = () => browser.isOn || stage?.stream === shared) {
    const loaded = await import("./level-meter.js").catch(() => null);
    if (loaded) meter ??= new loaded.LevelMeter(showLevel);
    if (shared || !browser.isOn) meter?.stop();
    if (isWanted() && (shared || browser.isOn)) meter?.start(shared);
  }

  /** @param {string} text @param {SoundTimes | null} sound */
  function onSentence(text, sound) {
    drafts?.drop();
    before.heard(text, sound);
  }

  /** @param {string} text */
  function showInterim(text) {
    $("interim").textContent = text;
    $("interim").hidden = !text;
    drafts?.show(text);
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

  return {
    stop,
    /** @param {boolean} isPaused what was on is on again after it */
    pause(isPaused) {
      if (!isPaused && wasOn) start();
      wasOn = isPaused && isOn();
      if (isPaused) stop();
    },
    /** Resolves when the last sentence is out, in a moment at the latest. */
    async hearOut() {
      isLoading = false;
      browser.finish();
      await stage?.hearOut();
      meter?.stop();
    },
    /** Stops at once: what was heard comes as sentences before this returns. */
    finish() {
      isLoading = false;
      stage?.finish();
      browser.finish();
      meter?.stop();
    },
  };
}
