/** The transcript's download in the panel "What remains". */
import { asApiError } from "./api.js";
import { button, element } from "./elements.js";
import { nativeName } from "./languages.js";
import { field, part, select } from "./panel-parts.js";
import { saveFile } from "./save-file.js";
import { fetchTranscript, problemOf } from "./transcript-file.js";

/** @type {[value: string, text: string][]} */
const FORMATS = [
  ["txt", "Text (TXT)"],
  ["srt", "Subtitles (SRT)"],
  ["vtt", "Subtitles for the web (WebVTT)"],
  ["json", "For programs (JSON)"],
];

const HINT = "Corrections are in it. What nobody listened to is translated now, within the session’s budget.";

/** @param {RemainsOptions} options */
export function transcriptPart({ session, languages }) {
  const codes = inOrder(session, languages);
  const named = codes.map((code) => /** @type {[string, string]} */ ([code, nativeName(languages, code)]));
  const format = select(FORMATS);
  const language = select(named);
  const beside = select([["", "None"], ...named]);
  for (const each of [language, beside]) each.translate = false;
  const status = element("p", "transcript-status");
  status.setAttribute("role", "status");
  const problem = element("p", "problem");
  problem.setAttribute("role", "alert");
  const download = button("Download transcript", start, "main");
  const cancel = button("Cancel", () => running?.abort());
  /** @type {AbortController | null} */
  let running = null;
  show();

  async function start() {
    if (running) return;
    running = new AbortController();
    problem.textContent = "";
    status.textContent = "Asking for the transcript…";
    show();
    const { sessionId, speakerToken: token } = session;
    const second = beside.value === language.value ? "" : beside.value;
    const wanted = { sessionId, format: format.value, language: language.value, beside: second };
    try {
      const file = await fetchTranscript(wanted, { token }, running.signal, (done, sentences) => {
        status.textContent = `Translating: ${count(done)} of ${count(sentences)} sentences are ready…`;
      });
      saveFile(file);
      status.textContent = `Saved as ${file.name}.`;
    } catch (error) {
      status.textContent = "";
      problem.textContent = words(error);
    }
    running = null;
    show();
  }

  function show() {
    // Not `disabled`: a button that is disabled while it has the focus loses it.
    download.setAttribute("aria-disabled", String(running !== null));
    if (!running && document.activeElement === cancel) download.focus();
    cancel.hidden = !running;
  }

  const choices = element("div", "fields");
  choices.append(field("Format", format), field("Language", language), field("Side by side with", beside));
  const row = element("div", "row");
  row.append(download, cancel);
  return part("Transcript", choices, row, status, problem, element("p", "hint", HINT));
}

/** What was listened to, the speaker's own, then all others. @param {HeldSession} session @param {Language[]} languages */
function inOrder({ listened = [], sourceLanguage }, languages) {
  const offered = languages.map(({ code }) => code);
  const known = new Set([sourceLanguage, ...offered]);
  return [...new Set([...listened.filter((code) => known.has(code)), sourceLanguage, ...offered])];
}

/** @param {unknown} error */
function words(error) {
  const { retryAfterMs, message, status } = asApiError(error);
  switch (problemOf(error)) {
    case "cancelled":
      return "";
    case "offline":
      return "The server does not answer. Check your connection and try again.";
    case "nothing":
      return "Nothing of this session is kept any more: its time is over, or it was deleted.";
    case "limited":
      return `Too many transcripts were asked for at once. Try again ${whenIn(retryAfterMs)}.`;
    default:
      return status === 400 && message ? `The server refused this: ${message}` : "The server failed. Try again in a moment.";
  }
}

/** @param {number} milliseconds 0: not known */
function whenIn(milliseconds) {
  if (!milliseconds) return "in a moment";
  const seconds = Math.ceil(milliseconds / 1_000);
  return seconds <= 90 ? `in ${seconds} s` : `in ${Math.ceil(seconds / 60)} minutes`;
}

/** @param {number} number */
function count(number) {
  return number.toLocaleString("en");
}
