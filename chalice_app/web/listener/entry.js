/** The session of this page's address, and what lets the listener in. */
import { codeOfLink, sessionName, socketAddress, webSocketUrl } from "./api.js";
import { keep, recall } from "./browser-storage.js";

export const sessionId = sessionName(decodeURIComponent(location.pathname.split("/").pop() ?? ""));
export const joinCode = codeOfLink();

/** In the tab's storage, so that a reload comes back as itself and two tabs are two listeners. */
const RESUME_KEY = `resume ${sessionId}`;

/** @returns {Pass} */
export function pass() {
  return { joinCode, resumeToken: recall(RESUME_KEY, "sessionStorage") ?? "" };
}

/** Shows the server, from the next handshake on, who returns. @param {string} token "" forgets it */
export function keepResumeToken(token) {
  keep(RESUME_KEY, token, "sessionStorage");
}

/**
 * The next handshake's address.
 * @param {string} targetLanguage @param {number | null} lastSequence @param {boolean} voice
 */
export function handshake(targetLanguage, lastSequence, voice) {
  const after = lastSequence === null ? "" : String(lastSequence);
  const query = { sessionId, targetLanguage, ...pass(), lastSequence: after, voice: voice ? "true" : "" };
  const given = Object.entries(query).filter(([, value]) => value);
  return socketAddress(webSocketUrl(), Object.fromEntries(given));
}

export function isReload() {
  const [entry] = performance.getEntriesByType("navigation");
  return /** @type {PerformanceNavigationTiming | undefined} */ (entry)?.type === "reload";
}
