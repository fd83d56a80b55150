/** The form in which the speaker types: Enter sends, Shift + Enter starts a new line. */
import { $ } from "./elements.js";

/** @param {(text: string) => void} say @param {() => void} changed the text in the box is another */
export function wireSayForm(say, changed) {
  $("say").addEventListener("submit", (event) => {
    event.preventDefault();
    if ($("send").disabled) return;
    say($("text").value);
    $("text").value = "";
    changed();
  });
  $("text").addEventListener("input", changed);
  $("text").addEventListener("keydown", (event) => {
    // An input method uses Enter to choose a character.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    // A key that is held down would send every sentence that is held for review.
    if (!event.repeat) $("say").requestSubmit();
  });
}

/** @param {string} code of the language that is spoken @param {string} name @param {string} direction */
export function showSpokenLanguage(code, name, direction) {
  $("say-language").textContent = `in ${name}`;
  $("text").lang = code;
  $("text").dir = direction;
}
