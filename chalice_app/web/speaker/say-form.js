/** The form in which the speaker types: Enter sends, Shift + Enter starts a new line. */
import { $ } from "./elements.js";

/** @param {(text: string) => void} say */
export function wireSayForm(say) {
  $("say").addEventListener("submit", (event) => {
    event.preventDefault();
    if ($("send").disabled) return;
    say($("text").value);
    $("text").value = "";
  });
  $("text").addEventListener("keydown", (event) => {
    // An input method uses Enter to choose a character.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    $("say").requestSubmit();
  });
}
