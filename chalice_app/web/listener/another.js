/** Asks for another session, or for the code of this one. */
import { joinLink, sessionName } from "./api.js";
import { word } from "./wording.js";

const $ = (id) => document.getElementById(id);

/**
 * A name that nobody has, and a session whose code is another, look the same from here.
 * @param {string} sessionId what was tried @param {string} joinCode "" for none
 */
export function askForAnother(sessionId, joinCode) {
  $("other-title").textContent = word(joinCode ? "wrongCode" : "missing");
  $("other-name").value = sessionId;
  $("other-code").value = joinCode;
}

export function wireAnother() {
  $("other").addEventListener("submit", (event) => {
    event.preventDefault();
    const name = encodeURIComponent(sessionName($("other-name").value));
    const link = joinLink(name, $("other-code").value.trim());
    if (link === location.href) location.reload();
    else location.assign(link);
  });
  // Another code of the same session is no other page to a browser.
  window.addEventListener("hashchange", () => location.reload());
}
