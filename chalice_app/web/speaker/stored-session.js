/** The speaker's session, kept by the tab for a reload, and by the browser for a tab closed by mistake. */
import { keep, recall } from "./browser-storage.js";

const KEY = "speaker";
/** @type {StorageName[]} */
const STORAGES = ["sessionStorage", "localStorage"];

/** @param {StorageName} storage @returns {HeldSession | null} */
export function storedSession(storage) {
  try {
    return JSON.parse(recall(KEY, storage) ?? "null");
  } catch {
    return null;
  }
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
