/** The HTTP side: where the application lives, and what it is asked. */

/** The application's own address; its stage's prefix on AWS is part of it. */
export const root = new URL("../", import.meta.url);

const PATIENCE_MS = 8000;

/** An answer that is no success; `status` is 0 when there was no answer at all. */
export class ApiError extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

async function ask(path, options = {}) {
  let response;
  try {
    response = await fetch(new URL(path, root), {
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE_MS),
      ...options,
    });
  } catch (cause) {
    throw new ApiError(0, "UNREACHABLE", String(cause));
  }
  const body = response.status === 204 ? {} : await response.json().catch(() => ({}));
  if (!response.ok) throw new ApiError(response.status, body.code ?? "", body.message ?? "");
  return body;
}

/** @typedef {{code: string, name: string, nativeName: string, direction: "ltr" | "rtl", quality?: string}} Language */

/** @returns {Promise<Language[]>} */
export async function getLanguages() {
  return (await ask("languages")).languages;
}

/** @param {string} sessionId */
export function getSession(sessionId) {
  return ask(`sessions/${encodeURIComponent(sessionId)}`);
}

/** @param {string} sourceLanguage */
export function openSession(sourceLanguage) {
  return ask("sessions", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ sourceLanguage }),
  });
}

/** Ends a session over HTTP, for when its socket is away. */
export function endSession(sessionId, token) {
  return ask(`sessions/${encodeURIComponent(sessionId)}`, {
    method: "DELETE",
    headers: { Authorization: `Bearer ${token}` },
  });
}

/**
 * How a session stands, as far as HTTP tells.
 * @returns {Promise<"open" | "ended" | "missing" | "unreachable">}
 */
export async function howIs(sessionId) {
  try {
    return (await getSession(sessionId)).isActive ? "open" : "ended";
  } catch (error) {
    return error.status === 404 ? "missing" : "unreachable";
  }
}

/** The address that listeners open. */
export function joinLink(sessionId) {
  return new URL(`s/${sessionId}`, root).href;
}

/** A session's name as people type it: capitals, spaces and a whole link are understood. */
export function sessionName(typed) {
  const last = typed.trim().split("/").pop() ?? "";
  return last.toLowerCase().replace(/[\s_-]+/g, "-").replace(/^-|-$/g, "");
}

/** Where sockets go, as the server wrote it into the page. */
export function webSocketUrl() {
  return document.querySelector("meta[name=websocket-url]").content;
}

/** A socket's address with a query. */
export function socketAddress(base, query) {
  return `${base}?${new URLSearchParams(query)}`;
}
