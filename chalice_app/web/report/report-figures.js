/** The key figures, and the table of languages. */
import { $, element } from "./elements.js";
import { refusalReasons } from "./refusals.js";
import { columnHeads, count, dollars, latency, percent, several, tableRow } from "./report-format.js";
import { byLanguage, latencyOf, missed } from "./report-sums.js";

/** @param {EventReport} report */
export function showFigures({ figures, totals, refused }) {
  const { p50, p95, p99 } = figures.latencyMs;
  const voices = figures.mostVoices ? `${several(figures.mostVoices, "listener")} at most heard the voice` : "";
  const refusals = Object.values(refused ?? {}).reduce((sum, each) => sum + each, 0);
  const reasons = refused && (refusalReasons({ minutes: 0, reasons: refused }) || "nobody was kept out");
  /** @type {[string, string, (string | false)[]][]} */
  const cards = [
    ["Listeners at once", count(figures.mostListeners), ["the largest audience", voices]],
    ["Delivered", percent(totals.delivered, totals.listeners), [`${count(totals.delivered)} of ${several(totals.listeners, "caption")}`, missed(totals)]],
    ["Half were delivered within", latency(p50), [`95 % within ${latency(p95)}`, `99 % within ${latency(p99)}`]],
    ["Sentences", count(figures.sentences), [
      figures.corrected > 0 && `${count(figures.corrected)} corrected`,
      figures.retracted > 0 && `${count(figures.retracted)} taken back`,
      figures.unreported > 0 && `${count(figures.unreported)} without a delivery report`,
      figures.untranslated > 0 && `${several(figures.untranslated, "translation")} missing${figures.overBudget ? `, ${count(figures.overBudget)} over the budget` : ""}`,
      figures.untranslated === 0 && "all translated",
    ]],
    ["Translation", dollars(figures.dollars), [`${several(figures.charactersTranslated, "character")} translated`, `${count(figures.charactersSaved)} saved by the cache`]],
    ["Refused at the door", refused ? count(refusals) : "–", [reasons ?? "not known at this moment"]],
  ];
  $("figures").replaceChildren(...cards.map(([title, value, notes]) => card(title, value, notes)));
}

/** @param {string} title @param {string} value @param {(string | false)[]} notes */
function card(title, value, notes) {
  const made = element("div");
  const shown = notes.filter((note) => note !== false && note !== "");
  made.append(element("dt", "", title), element("dd", "value", value), ...shown.map((note) => element("dd", "note", String(note))));
  return made;
}

/** @param {EventReport} report @param {(code: string) => string} nameOf */
export function showLanguages({ sentences, listeners }, nameOf) {
  $("by-language-head").replaceChildren(
    ...columnHeads(["Language", "Listeners at once", "Captions", "Delivered", "Not delivered", "Half within", "95 % within", "Untranslated", "From the cache"]),
  );
  $("by-language").replaceChildren(
    ...byLanguage(sentences).map((sum) => {
      const rows = sentences.filter(({ language }) => language === sum.language);
      const most = listeners.reduce((heads, { languages }) => Math.max(heads, languages[sum.language] ?? 0), 0);
      return tableRow([
        nameOf(sum.language),
        count(most),
        count(sum.listeners),
        percent(sum.delivered, sum.listeners),
        missed(sum) || "–",
        latency(latencyOf(rows, 0.5)),
        latency(latencyOf(rows, 0.95)),
        count(sum.untranslated.length),
        percent(sum.cached, sum.rows),
      ]);
    }),
  );
}
