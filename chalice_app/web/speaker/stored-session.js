/**
 * The speaker's sessions, with their tokens: the one that runs, kept by the tab for a reload and by the
 * browser for a tab closed by mistake; and those that have ended, as long as anything of them is kept.
 */
import { keep, recall } from "./browser-storage.js";

const KEY = "speaker";
const ENDED_KEY = "ended-sessions";
const MOST_ENDED = 5;
const HOUR_MS = 3_600_000;
/** @type {StorageName[]} */
const STORAGES = ["sessionStorage", "localStorage"];

/** How long the stage keeps a session whose speaker did not choose. */
export const DEFAULT_RETENTION_HOURS = 2;

/** @param {StorageName} storage @returns {HeldSession | null} */
export function storedSession(storage) {
  return read(KEY, storage, null);
}

/** @param {HeldSession} session */
export function storeSession(session) {
  for (const storage of STORAGES) keep(KEY, JSON.stringify(session), storage);
}

/** After a session's end. The browser may hold a later session, which stays. @param {HeldSession} session */
export function forgetSession({ sessionId }) {
  for (const storage of STORAGES) {
    if (storedSession(storage)?.sessionId === sessionId) keep(KEY, "", storage);
  }
}

/** Those that have ended and are still kept, the newest first. @returns {EndedSession[]} */
export function endedSessions() {
  /** @type {EndedSession[]} */
  const all = read(ENDED_KEY, "localStorage", []);
  return all.filter(({ keptUntil }) => keptUntil > Date.now());
}

/** It has ended just now. @param {HeldSession} session */
export function storeEnded(session) {
  const { sessionId, retentionHours = DEFAULT_RETENTION_HOURS } = session;
  const keptUntil = Date.now() + retentionHours * HOUR_MS;
  const others = endedSessions().filter((each) => each.sessionId !== sessionId);
  keepEnded(retentionHours ? [{ ...session, keptUntil }, ...others].slice(0, MOST_ENDED) : others);
}

/** @param {EndedSession[]} sessions */
export function keepEnded(sessions) {
  keep(ENDED_KEY, sessions.length ? JSON.stringify(sessions) : "");
}

/** @template T @param {string} key @param {StorageName} storage @param {T} otherwise @returns {T} */
function read(key, storage, otherwise) {
  try {
    return JSON.parse(recall(key, storage) ?? "null") ?? otherwise;
  } catch {
    return otherwise;
  }
}
