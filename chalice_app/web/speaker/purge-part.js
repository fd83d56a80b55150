/** Deletes everything that was said, after one question in the page. */
import { asApiError, passHeaders, request } from "./api.js";
import { button, element } from "./elements.js";
import { part } from "./panel-parts.js";

const WHAT = "Every sentence, its translations and the report are deleted at once, on the server.";
const STAYS =
  "What stays for a while: translations in the cache, which do not name the session, for up to an hour; sounds " +
  "of the voices, for a day. What people have read, downloaded or recorded stays with them.";
const ENDS = "The session ends for everyone.";
const TIMEOUT_MS = 30_000;

/** @param {RemainsOptions} options */
export function purgePart({ session, overlays, onPurged }) {
  const isRunning = overlays !== null;
  const ask = button("Delete everything that was said", () => turn(true));
  const question = element("div", "question");
  const problem = element("p", "problem");
  problem.setAttribute("role", "alert");
  const title = element("p", "asked", "Delete everything that was said? This cannot be undone.");
  title.tabIndex = -1;
  const confirm = button("Delete it all", purge, "main");
  const stay = button("Keep it", () => turn(false));
  const row = element("div", "row");
  row.append(confirm, stay);
  const details = [isRunning ? `${WHAT} ${ENDS}` : WHAT, STAYS].map((text) => element("p", "hint", text));
  question.append(title, ...details, row, problem);
  question.setAttribute("role", "group");
  question.setAttribute("aria-label", "Delete everything that was said?");
  question.addEventListener("keydown", ({ key }) => key === "Escape" && turn(false));
  question.hidden = true;
  let isBusy = false;

  /** @param {boolean} isAsked */
  function turn(isAsked) {
    if (isBusy) return;
    problem.textContent = "";
    ask.hidden = isAsked;
    question.hidden = !isAsked;
    (isAsked ? title : ask).focus();
  }

  async function purge() {
    if (isBusy) return;
    isBusy = true;
    confirm.textContent = "Deleting…";
    problem.textContent = "";
    try {
      await request(`sessions/${encodeURIComponent(session.sessionId)}?purge=true`, {
        method: "DELETE",
        headers: passHeaders({ token: session.speakerToken }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      onPurged();
    } catch (error) {
      const { status } = asApiError(error);
      if (status === 404) onPurged();
      else if (status === 0) problem.textContent = "The server does not answer: nothing may have been deleted. Try again.";
      else problem.textContent = "The server failed: not everything may have been deleted. Try again.";
    }
    isBusy = false;
    confirm.textContent = "Delete it all";
  }

  return part("Delete", ask, question);
}
