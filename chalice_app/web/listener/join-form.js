/** The form that asks for another session's name, or for this session's code. */
import { joinLink, sessionName } from "./api.js";
import { $ } from "./elements.js";
import { word } from "./localization.js";

/**
 * The server answers the same for a wrong code as for a session that does not exist.
 * @param {string} sessionId the name that failed @param {string} joinCode "" for none
 */
export function showJoinForm(sessionId, joinCode) {
  $("other-title").textContent = word(joinCode ? "wrongCode" : "missing");
  $("other-name").value = sessionId;
  $("other-code").value = joinCode;
}

export function wireJoinForm() {
  $("other").addEventListener("submit", (event) => {
    event.preventDefault();
    const name = encodeURIComponent(sessionName($("other-name").value));
    const link = joinLink(name, $("other-code").value.trim());
    if (link === location.href) location.reload();
    else location.assign(link);
  });
  // Where only the code differs, browsers do not load the page again.
  window.addEventListener("hashchange", () => location.reload());
}
