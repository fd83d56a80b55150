/** The HTTP side: where the application lives, and what it is asked. */

/** The application's own address; its stage's prefix on AWS is part of it. */
export const root = new URL("../", import.meta.url);

const PATIENCE_MS = 8000;

/** An answer that is no success; `status` is 0 when there was no answer at all. */
export class ApiError extends Error {
  constructor(status, { code = "", message = "", retryAfterMs = 0 }) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfterMs = retryAfterMs;
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
    throw new ApiError(0, { code: "UNREACHABLE", message: String(cause) });
  }
  const body = response.status === 204 ? {} : await response.json().catch(() => ({}));
  if (!response.ok) throw new ApiError(response.status, body);
  return body;
}

/** @typedef {{code: string, name: string, nativeName: string, direction: "ltr" | "rtl", quality?: string}} Language */

/** @returns {Promise<Language[]>} */
export async function getLanguages() {
  return (await ask("languages")).languages;
}

/**
 * A session that has a join code is there only for those who say the code or the speaker's token.
 * @typedef {{joinCode?: string, token?: string}} Pass
 */

/** @param {string} sessionId @param {Pass} pass */
export function getSession(sessionId, pass = {}, query = "") {
  return ask(`sessions/${encodeURIComponent(sessionId)}${query}`, { headers: passHeaders(pass) });
}

/** Headers take ASCII alone, and the query of an address is logged here and there. */
function passHeaders({ joinCode, token }) {
  const headers = {};
  if (joinCode) headers["X-Join-Code"] = encodeURIComponent(joinCode);
  if (token) headers.Authorization = `Bearer ${token}`;
  return headers;
}

/** @param {string} sourceLanguage @param {string} joinCode "" for none */
export function openSession(sourceLanguage, joinCode) {
  return ask("sessions", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ sourceLanguage, ...(joinCode && { joinCode }) }),
  });
}

/** Ends a session over HTTP, for when its socket is away. */
export function endSession(sessionId, token) {
  return ask(`sessions/${encodeURIComponent(sessionId)}`, {
    method: "DELETE",
    headers: passHeaders({ token }),
  });
}

/** How the stage is, for its operator. @param {string} token "" where none is asked for */
export function getStageState(token) {
  return ask("ops/state", { headers: token ? { Authorization: `Bearer ${token}` } : {} });
}

/**
 * How a session stands for somebody who would join, as far as HTTP tells.
 * @param {string} sessionId @param {Pass} pass
 * @returns {Promise<"open" | "full" | "limited" | "ended" | "missing" | "unreachable">}
 */
export async function howIs(sessionId, pass) {
  try {
    const { isActive, isFull } = await getSession(sessionId, pass, "?joining=true");
    if (!isActive) return "ended";
    return isFull ? "full" : "open";
  } catch (error) {
    return { 404: "missing", 429: "limited" }[error.status] ?? "unreachable";
  }
}

/** The address that listeners open; a fragment stays in the browser, so no log has the code. */
export function joinLink(sessionId, joinCode = "") {
  const link = new URL(`s/${sessionId}`, root);
  if (joinCode) link.hash = `code=${encodeURIComponent(joinCode)}`;
  return link.href;
}

/** The join code of this page's own address; "" for none. */
export function codeOfLink() {
  return new URLSearchParams(location.hash.slice(1)).get("code")?.trim() ?? "";
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
