/** What only speakers ask of the HTTP API: sessions, and what is sent with their token. */
import { passHeaders, request } from "./api.js";

/** @param {string} method @param {string} path @param {unknown} body @param {string} token @param {RequestInit} options */
export function sendJson(method, path, body, token, options = {}) {
  const headers = { "Content-Type": "application/json", ...passHeaders({ token }) };
  return request(path, { method, headers, body: JSON.stringify(body), ...options });
}

/**
 * @param {WantedSession} wanted
 * @param {string} token of the stage's provider; "" where it has none
 * @returns {Promise<OpenedSession>}
 */
export function openSession(wanted, token = "") {
  const filled = Object.entries(wanted).filter(([, value]) => value || value === 0);
  return sendJson("POST", "sessions", Object.fromEntries(filled), token);
}

/** Ends a session over HTTP, for when its socket is down. @param {string} sessionId @param {string} token */
export function endSession(sessionId, token) {
  return request(`sessions/${encodeURIComponent(sessionId)}`, {
    method: "DELETE",
    headers: passHeaders({ token }),
  });
}
