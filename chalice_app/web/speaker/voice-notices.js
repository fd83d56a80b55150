/** What the speaker is told of the microphone and of the stage's recogniser. */

/** By the problem of audio-capture.js. @type {Record<string, string>} */
export const CAPTURE = {
  "not-allowed": "This page is not allowed to use the microphone. Allow it in the browser’s settings for this page and press “Use the microphone” again, or type.",
  "audio-capture": "No microphone was found. Connect one, and this page uses it at once; or type.",
  busy: "The microphone cannot be opened. Another program may be using it. Please type meanwhile.",
  unloaded: "What records your voice could not be loaded. This page tries again in a moment; please type meanwhile.",
  unplugged: "The microphone was unplugged. This page looks for another; what you said before is kept.",
  muted: "The microphone is muted by this computer or by a switch of its own: nothing that you say now is heard.",
  suspended: "The browser has stopped the microphone. Click anywhere on this page to go on.",
  stalled: "No sound comes from the microphone any more: nothing that you say now is heard. Is it still connected?",
};

/** By the problem of a StreamState, while it goes on. @type {Record<string, string>} */
export const STREAM = {
  unanswering: "The recogniser hears you, and does not answer. This page has connected to it again, and repeats what it has not written down.",
  unreachable: "The recogniser cannot be reached. The last minute of what you say is kept and heard as soon as it is back; please type meanwhile.",
  failing: "The recogniser keeps failing. The last minute of what you say is kept and heard as soon as it works; please type meanwhile.",
  limited: "The recogniser has too much to do. The last minute of what you say is kept; this page tries again in a moment.",
  behind: "The network is too slow for your voice: your words will come late. What you say is kept.",
};

/** By the reason. @type {Record<string, string>} */
const REASONS = {
  spent: "The session’s minutes of the stage’s recogniser are used up.",
  unsupported: "The stage has no recogniser for this language.",
  refused: "The stage’s recogniser does not let this session in.",
  limited: "The stage’s recogniser has too much to do.",
  unanswering: "The stage’s recogniser does not answer.",
  unreachable: "The stage’s recogniser cannot be reached.",
};

/** @param {StreamState} state one that is over */
export function gaveUp({ problem, unheardMs }) {
  const reason = REASONS[problem] ?? "The stage’s recogniser keeps failing.";
  const seconds = Math.round(unheardMs / 1_000);
  return seconds < 2 ? reason : `${reason} The last ${seconds} seconds were not heard.`;
}

/** @param {StreamState} state */
export function heardBy({ state, problem }) {
  if (state === "connecting") return "Connecting to this stage’s recogniser… What you say is kept.";
  if (state !== "live") return "The microphone is being opened…";
  return `Heard by this stage’s recogniser${problem === "wordless" ? ": it has not found words yet" : ""}`;
}
