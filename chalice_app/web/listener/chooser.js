/** Asks for a language, where none of the browser's is offered. */
import { getJoinState } from "./api.js";
import { $ } from "./elements.js";
import { pass, sessionId } from "./entry.js";
import { languageButtons } from "./languages.js";

/** How often the page asks, while the listener chooses a language, whether the session has ended. */
const CHOOSING_MS = 20_000;

/** @type {number | undefined} */
let timer;

/**
 * @param {Language[]} languages @param {(each: Language) => string} label @param {(code: string) => void} use
 * @param {(why: JoinState) => void} over called when the session is over before a choice
 */
export function choose(languages, label, use, over) {
  $("choices").replaceChildren(...languageButtons(languages, label, use));
  $("chooser").hidden = false;
  const check = async () => {
    if ($("chooser").hidden) return;
    const state = await getJoinState(sessionId, pass());
    if ($("chooser").hidden) return;
    if (state === "ended" || state === "missing") over(state);
    else timer = setTimeout(check, CHOOSING_MS);
  };
  clearTimeout(timer);
  timer = setTimeout(check, CHOOSING_MS);
}
