/** What the speaker's console says about its connection, its microphone, its budget and other tabs. */
import { $ } from "./elements.js";

export const STATES = { connecting: "Connecting…", live: "Live", waiting: "Reconnecting…", over: "Not connected" };
export const LOST = "The connection is lost. What you say is kept and sent as soon as it is back.";
export const REFUSED =
  "The server answers, but does not let this tab in. It is very busy, or another tab has opened the " +
  "session. This page keeps trying.";
/** @param {number} waitMs until the page tries again */
export function limited(waitMs) {
  const next = new Date(Date.now() + waitMs).toLocaleTimeString("en-GB");
  return `Too many connections come in at once. This page tries again at ${next}. What you say is kept.`;
}
export const OVER_BUDGET =
  "The session’s translation budget is used up. From now on listeners read your own words, and " +
  "translations only of sentences that were said before.";
export const DISPLACED =
  "Another tab or device speaks in this session now. What you type here is not sent.";

/** By the problem of microphone.js. @type {Record<string, string>} */
export const MICROPHONE = {
  "not-allowed": "This page is not allowed to use the microphone. Allow it in the browser’s settings for this page, or type.",
  "service-not-allowed": "This browser’s speech recognition is switched off. Please type.",
  "audio-capture": "No microphone was found. Connect one, or type.",
  "language-not-supported": "This browser does not recognise that language. Please type.",
  network:
    "The browser’s speech recognition cannot be reached: nothing that you say now is heard. " +
    "This page keeps trying; please type meanwhile.",
  unsteady:
    "The browser’s speech recognition keeps stopping, and words get lost. This page keeps trying. Another tab " +
    "or app may be using the microphone.",
  interrupted: "The browser has stopped the microphone. Press “Use the microphone” to go on.",
};

/** By the warning of sound-level.js. @type {Record<string, string>} */
export const LEVELS = {
  silent: "No sound has come from the microphone for five seconds. Is it on, and is it the right one?",
  clipping: "The microphone is too loud: words get lost. Turn it down, or step back.",
};

/** @param {string} text "" for none @param {(() => void) | null} act what the button does */
export function notice(text, action = "", act = null) {
  $("notice").hidden = !text;
  $("notice-text").textContent = text;
  $("notice-button").hidden = !action;
  $("notice-button").textContent = action;
  $("notice-button").onclick = act;
}
