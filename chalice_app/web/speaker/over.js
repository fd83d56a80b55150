/** What remains of a session after its end. Loaded while a session runs, or when one has ended. */
import { $, button, element } from "./elements.js";
import { fillPanel } from "./remains-panel.js";
import { DEFAULT_RETENTION_HOURS, endedSessions, keepEnded } from "./stored-session.js";

const PURGED = "Everything that was said is deleted";
const PURGED_TEXT = "The session has ended, and the server keeps nothing of it any more.";
const NOT_KEPT = "Nothing of it is kept: you chose so when you opened it.";

const section = element("section", "over-remains");
section.setAttribute("aria-labelledby", "over-remains-title");
$("over").append(section);

/** @param {HeldSession} session @param {Language[]} languages @param {string} why "purged"; "before": the speaker came back to it; others: it ended now */
export async function showOver(session, languages, why) {
  section.replaceChildren();
  if (why === "before") {
    $("over-title").textContent = session.sessionId;
    $("over-text").textContent = "This session has ended.";
    $("again").textContent = "Back";
  }
  if (why === "purged") {
    keepEnded(endedSessions().filter(({ sessionId }) => sessionId !== session.sessionId));
    $("over-title").textContent = PURGED;
    $("over-text").textContent = PURGED_TEXT;
    $("again").focus();
    return;
  }
  const isKept = (session.retentionHours ?? DEFAULT_RETENTION_HOURS) > 0;
  const title = Object.assign(element("h2", "", "What remains"), { id: "over-remains-title" });
  const place = element("div");
  const onPurged = () => showOver(session, languages, "purged");
  section.append(title, element("p", "hint", isKept ? keptUntil(session.sessionId) : NOT_KEPT), place);
  if (isKept) await fillPanel(place, { session, languages, overlays: null, onPurged });
}

/** By this browser's clock; "" where it keeps no sessions. @param {string} sessionId */
function keptUntil(sessionId) {
  const ended = endedSessions().find((each) => each.sessionId === sessionId);
  if (!ended) return "";
  const until = new Date(ended.keptUntil).toLocaleString("en-GB", { dateStyle: "long", timeStyle: "short" });
  return `Kept until ${until}. Until then, this browser’s start page leads here.`;
}

/** Offers what remains of former sessions on the start page. @param {Language[]} languages @param {() => void} shown */
export function showEndedSessions(languages, shown) {
  const buttons = endedSessions().map((session) =>
    button(`What remains of ${session.sessionId}`, () => {
      shown();
      showOver(session, languages, "before");
      $("again").focus();
    }),
  );
  const card = element("section", "card");
  const row = element("div", "row");
  const title = Object.assign(element("h2", "", "Sessions that have ended"), { id: "ended-title" });
  card.setAttribute("aria-labelledby", "ended-title");
  row.append(...buttons);
  card.append(title, row);
  $("start").append(card);
}
