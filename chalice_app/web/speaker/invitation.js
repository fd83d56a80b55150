/** How people find a session: its name, its link, and a QR code for the hall's screen. */
import { joinLink } from "./api.js";
import { $ } from "./elements.js";

/** Addresses by which a computer reaches itself alone. */
const LOOPBACK = /^(localhost|127\.[\d.]+|\[::1\])$/;

/** @param {string} sessionId @param {string} joinCode "" for none */
export function invite(sessionId, joinCode) {
  const link = joinLink(sessionId, joinCode);
  for (const line of [$("invite-code"), $("hall-code")]) {
    line.hidden = !joinCode;
    line.textContent = `Code: ${joinCode}`;
  }
  $("name").textContent = $("hall-name").textContent = sessionId;
  $("link").href = link;
  $("link").textContent = link;
  // Without the code: people type this link, and the code stands beside it, large.
  $("hall-link").textContent = joinLink(sessionId);
  $("loopback").hidden = !LOOPBACK.test(location.hostname);
  drawCodes(link);
  for (const button of [$("qr"), $("hall-button")]) {
    button.addEventListener("click", () => $("hall").showModal());
  }
  $("hall-close").addEventListener("click", () => $("hall").close());
  $("copy").addEventListener("click", () => copy(link));
}

/** The start page needs none: what draws them comes with the console. @param {string} link */
async function drawCodes(link) {
  const loaded = await import("./qr-code.js").catch(() => null);
  for (const place of [$("qr"), $("hall-qr")]) if (loaded) place.replaceChildren(loaded.qrCode(link));
}

/** @param {string} link */
async function copy(link) {
  try {
    await navigator.clipboard.writeText(link);
    $("copy").textContent = "Copied";
  } catch {
    // The browser does not allow it: the link is selected, so that a person can copy it.
    getSelection()?.selectAllChildren($("link"));
  }
}
