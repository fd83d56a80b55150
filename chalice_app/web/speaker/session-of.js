/** The speaker's session by its name, for pages whose addresses have no token. */
import { endedSessions, storedSession } from "./stored-session.js";

/** Running or ended; null where this browser has none of that name. @param {string} sessionId @returns {HeldSession | null} */
export function sessionOf(sessionId) {
  const running = [storedSession("sessionStorage"), storedSession("localStorage")];
  return [...running, ...endedSessions()].find((each) => each?.sessionId === sessionId) ?? null;
}
