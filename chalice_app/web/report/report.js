/** The event report: START HERE. Asks for the token, loads the report, and shows it. */
import { asApiError, getLanguages } from "./api.js";
import { keep, recall } from "./browser-storage.js";
import { $ } from "./elements.js";
import { getReport, problemOf, saveReport, sessionOfAddress } from "./report-api.js";
import { showTimeline } from "./report-charts.js";
import { showFigures, showLanguages } from "./report-figures.js";
import { day, duration, minute, second } from "./report-format.js";
import { SentenceTable } from "./report-table.js";
import { Timeline } from "./report-timeline.js";
import { sessionOf } from "./session-of.js";

const sessionId = sessionOfAddress();
/** Of this session alone: another tab's page of another session keeps its own. */
const KEY = `report of ${sessionId}`;

let token = recall(KEY, "sessionStorage") ?? speakersToken();

/** The token of the speaker's page, where this browser has it for this session, running or ended. */
function speakersToken() {
  return sessionOf(sessionId)?.speakerToken ?? "";
}

/** @param {"door" | "loading" | "view"} shown */
function show(shown) {
  for (const each of /** @type {const} */ (["door", "loading", "view"])) $(each).hidden = each !== shown;
}

async function load() {
  const isAnew = $("view").hidden;
  if (isAnew) show("loading");
  $("report-problem").textContent = "";
  const [report, error] = await getReport(sessionId, token).then(
    (found) => /** @type {const} */ ([found, null]),
    (cause) => /** @type {const} */ ([null, asApiError(cause)]),
  );
  if (report) {
    keep(KEY, token, "sessionStorage");
    show("view");
    await showReport(report);
  } else if (isAnew || error.status === 401 || error.status === 404) askForToken(problemOf(error), error.status === 401);
  else $("report-problem").textContent = problemOf(error);
}

/** @param {string} problem "" where nobody has tried yet */
function askForToken(problem, isWrong = false) {
  if (isWrong) {
    token = "";
    keep(KEY, "", "sessionStorage");
  }
  show("door");
  $("token").value = token;
  $("token-problem").textContent = problem;
  $("token").focus();
}

/** @param {EventReport} report */
async function showReport(report) {
  const languages = await names;
  const nameOf = (/** @type {string} */ code) => languages.find((each) => each.code === code)?.name ?? code;
  showHead(report, nameOf);
  showFigures(report);
  const timeline = new Timeline(report.listeners, lastSpoken(report));
  showTimeline(timeline, nameOf);
  showLanguages(report, nameOf);
  table.show(report, timeline.languages, nameOf);
}

/** @param {EventReport} report */
function lastSpoken({ sentences, listeners, startedAt }) {
  const last = sentences.reduce((at, { spokenAt }) => Math.max(at, spokenAt), startedAt);
  return Math.max(last, listeners.at(-1)?.at ?? 0);
}

/** @param {EventReport} report @param {(code: string) => string} nameOf */
function showHead({ title, startedAt, endedAt, asOf, sourceLanguage }, nameOf) {
  $("report-title").textContent = title ?? sessionId;
  document.title = `${title ?? sessionId} · Event report`;
  const ends = endedAt === null ? "" : ` to ${minute(endedAt)} (${duration(endedAt - startedAt)})`;
  const session = title === null ? "" : ` · ${sessionId}`;
  $("report-when").textContent = `${day(startedAt)}, ${minute(startedAt)}${ends} · spoken in ${nameOf(sourceLanguage)}${session}`;
  $("report-running").hidden = endedAt !== null;
  $("report-running").textContent = `Still running: this is as of ${second(asOf)}.`;
  $("refresh").hidden = endedAt !== null;
  $("report-zone").textContent = `Times are those of ${Intl.DateTimeFormat().resolvedOptions().timeZone}.`;
}

/** @param {"csv" | "json"} format */
async function save(format) {
  $("report-problem").textContent = "";
  try {
    await saveReport(sessionId, token, format);
  } catch (error) {
    $("report-problem").textContent = problemOf(error);
  }
}

$("enter").addEventListener("submit", (event) => {
  event.preventDefault();
  token = $("token").value.trim();
  // A token has visible ASCII alone, and so has a header.
  if (/[^\x21-\x7e]/.test(token)) askForToken("That is not this session’s token.", true);
  else load();
});
$("refresh").addEventListener("click", load);
$("save-csv").addEventListener("click", () => save("csv"));
$("save-json").addEventListener("click", () => save("json"));
$("print").addEventListener("click", () => print());
$("door-name").textContent = sessionId;

const table = new SentenceTable();
// Without the languages' names the report has their codes.
const names = getLanguages().catch(() => /** @type {Language[]} */ ([]));
if (token) await load();
else askForToken("");
