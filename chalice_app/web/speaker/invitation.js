/** How people find a session: its name, its link, and a QR code for the hall's screen. */
import { joinLink, root } from "./api.js";
import { copyText } from "./copy-text.js";
import { $ } from "./elements.js";
import { qrCode } from "./qr-code.js";

/** Addresses by which a computer reaches itself alone. */
const LOOPBACK = /^(localhost|127\.[\d.]+|\[::1\])$/;

/**
 * @param {string} sessionId @param {string} joinCode "" for none
 * @returns {{look: () => void}} `look` at each connection: listeners may find the pages elsewhere since
 */
export function invite(sessionId, joinCode) {
  const named = document.querySelector("meta[name=listeners-url]")?.getAttribute("content");
  for (const line of [$("invite-code"), $("hall-code")]) {
    line.hidden = !joinCode;
    line.textContent = `Code: ${joinCode}`;
  }
  $("name").textContent = $("hall-name").textContent = sessionId;
  for (const button of [$("qr"), $("hall-button")]) {
    button.addEventListener("click", () => $("hall").showModal());
  }
  $("hall-close").addEventListener("click", () => $("hall").close());
  $("copy").addEventListener("click", () => copyText($("copy"), $("link").href, $("link")));
  show(named || root);
  // The console is there before this module: a press until now would have been lost.
  for (const button of [$("qr"), $("hall-button"), $("copy")]) button.disabled = false;
  if (!named) return { look() {} };
  const following = import("./listeners-address.js").then((loaded) => new loaded.ListenersAddress(named, moved), () => null);
  return { look: () => following.then((address) => address?.look()) };

  /** @param {string} address */
  function moved(address) {
    show(address);
    $("copy").textContent = "Copy link";
    for (const line of [$("moved"), $("hall-moved")]) {
      line.textContent = `Listeners now find this session at ${joinLink(sessionId, "", address)}`;
    }
  }

  /** @param {string | URL} base */
  function show(base) {
    const link = joinLink(sessionId, joinCode, base);
    $("link").href = link;
    $("link").textContent = link;
    // Without the code: people type this link, and the code stands beside it, large.
    $("hall-link").textContent = joinLink(sessionId, "", base);
    $("loopback").hidden = !LOOPBACK.test(new URL(link).hostname);
    for (const place of [$("qr"), $("hall-qr")]) place.replaceChildren(qrCode(link));
  }
}
