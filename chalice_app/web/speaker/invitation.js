/** How people find a session: its name, its link, and a QR code for the hall's screen. */
import { joinLink } from "./api.js";
import { qrCode } from "./qr.js";

const $ = (id) => document.getElementById(id);

/** What every computer calls itself. */
const LOOPBACK = /^(localhost|127\.[\d.]+|\[::1\])$/;

/** @param {string} sessionId @param {string} joinCode "" for none */
export function invite(sessionId, joinCode) {
  const link = joinLink(sessionId, joinCode);
  for (const id of ["invite-code", "hall-code"]) {
    $(id).hidden = !joinCode;
    $(id).textContent = `Code: ${joinCode}`;
  }
  $("name").textContent = $("hall-name").textContent = sessionId;
  $("link").href = link;
  $("link").textContent = link;
  // To be typed: the code stands beside it, large.
  $("hall-link").textContent = joinLink(sessionId);
  $("loopback").hidden = !LOOPBACK.test(location.hostname);
  $("qr").replaceChildren(qrCode(link));
  $("hall-qr").replaceChildren(qrCode(link));
  for (const id of ["qr", "hall-button"]) {
    $(id).addEventListener("click", () => $("hall").showModal());
  }
  $("hall-close").addEventListener("click", () => $("hall").close());
  $("copy").addEventListener("click", () => copy(link));
}

async function copy(link) {
  try {
    await navigator.clipboard.writeText(link);
    $("copy").textContent = "Copied";
  } catch {
    // Not allowed: the link is selected, to be copied by hand.
    getSelection().selectAllChildren($("link"));
  }
}
