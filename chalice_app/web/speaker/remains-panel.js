/** The panel "What remains". Loaded when the speaker first opens it, or when a session has ended. */
import { root } from "./api.js";
import { element } from "./elements.js";
import { loadStyle } from "./load-style.js";
import { addressPart, switchPart } from "./overlay-builder.js";
import { part } from "./panel-parts.js";
import { purgePart } from "./purge-part.js";
import { DEFAULT_RETENTION_HOURS } from "./stored-session.js";
import { transcriptPart } from "./transcript-part.js";

/** @type {Promise<unknown> | undefined} */
let style;

/** @param {HTMLElement} place is emptied first @param {RemainsOptions} options */
export async function fillPanel(place, options) {
  await (style ??= loadStyle(new URL("./remains.css", import.meta.url)));
  const { session, overlays } = options;
  const kept = session.retentionHours ?? DEFAULT_RETENTION_HOURS;
  const parts = kept ? [transcriptPart(options), reportPart(session)] : [nothingPart()];
  if (overlays) parts.unshift(switchPart(overlays));
  if (overlays) parts.push(addressPart(session, options.languages));
  if (kept) parts.push(purgePart(options));
  place.replaceChildren(...parts);
}

/** The token is not in its address: that page reads it from this browser's storage. @param {HeldSession} session */
function reportPart({ sessionId }) {
  const link = element("a", "", "Open the event report");
  link.href = new URL(`s/${sessionId}/report`, root).href;
  link.target = "_blank";
  const hint = element("p", "hint", "Who was reached, in which languages, and how fast. It prints well. Opens in a new tab.");
  return part("Report", link, hint);
}

function nothingPart() {
  const words = "Nothing of this session is kept: you chose so when you opened it. There is no transcript and no report.";
  return part("Transcript and report", element("p", "hint", words));
}
