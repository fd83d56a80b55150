/** The way to the glossary. Its panel comes when it is first asked for: a talk may go without. */
import { $ } from "./elements.js";
import { keptGlossary } from "./kept-glossary.js";

/**
 * @param {HeldSession} session @param {Language[]} languages
 * @param {() => string[]} listened the languages that somebody listens to now
 * @param {() => void} changed
 */
export function wireGlossary(session, languages, listened, changed) {
  const say = (/** @type {string} */ text) => {
    $("words-state").textContent = text;
    changed();
  };
  /** @type {Promise<import("./glossary-panel.js").GlossaryPanel> | undefined} */
  let loading;
  const panel = () =>
    (loading ??= import("./glossary-panel.js").then(({ openPanel }) => openPanel(session, languages, listened, say)));
  const failed = () => {
    loading = undefined;
    say("The server does not answer. Try again.");
  };
  const kept = keptGlossary(session);
  $("words-again").hidden = !kept;
  $("words-button").addEventListener("click", () => panel().then((it) => it.open(), failed));
  $("words-again").addEventListener("click", () => {
    $("words-again").hidden = true;
    $("words-button").focus();
    if (kept) panel().then((it) => it.use(kept), failed);
  });
}
