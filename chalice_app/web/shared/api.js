/** The HTTP API as functions, and the addresses of sessions: links, join codes, sockets. */

/** The application's own address; on AWS it includes the stage's prefix. */
export const root = new URL("../", import.meta.url);

const TIMEOUT_MS = 8000;

/** A refusal, or no answer at all: then `status` is 0. */
export class ApiError extends Error {
  /** @param {number} status @param {Partial<ErrorMessage>} body */
  constructor(status, { code = "", message = "", retryAfterMs, details }) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
    this.retryAfterMs = retryAfterMs ?? details?.retryAfterMs ?? 0;
  }
}

/** What a `catch` got; an answer that could not be read counts as none. @param {unknown} error */
export function asApiError(error) {
  return error instanceof ApiError ? error : new ApiError(0, { message: String(error) });
}

/** @param {string} path @param {RequestInit} options */
export async function request(path, options = {}) {
  let response;
  try {
    response = await fetch(new URL(path, root), {
      cache: "no-store",
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...options,
    });
  } catch (cause) {
    throw new ApiError(0, { code: "UNREACHABLE", message: String(cause) });
  }
  const body = response.status === 204 ? {} : await response.json().catch(() => ({}));
  if (!response.ok) throw new ApiError(response.status, body);
  return body;
}

/** @returns {Promise<Language[]>} */
export async function getLanguages() {
  return (await request("languages")).languages;
}

/** @param {string} sessionId @param {Pass} pass @returns {Promise<Session>} */
export function getSession(sessionId, pass = {}, query = "") {
  return request(`sessions/${encodeURIComponent(sessionId)}${query}`, { headers: passHeaders(pass) });
}

/**
 * In headers, because proxies may log the query of an address. Headers take ASCII alone.
 * @param {Pass} pass
 */
export function passHeaders({ joinCode, resumeToken, token }) {
  return {
    ...(joinCode && { "X-Join-Code": encodeURIComponent(joinCode) }),
    ...(resumeToken && { "X-Resume-Token": resumeToken }),
    ...(token && { Authorization: `Bearer ${token}` }),
  };
}

/** For the operator. @param {string} token "" on a stage that needs none @returns {Promise<StageState>} */
export function getStageState(token) {
  return request("ops/state", { headers: passHeaders({ token }) });
}

/**
 * Whether a session can be joined now, asked over HTTP.
 * @param {string} sessionId @param {Pass} [pass]
 */
export async function getJoinState(sessionId, pass) {
  return (await askToJoin(sessionId, pass, "refused")).state;
}

/**
 * Like `getJoinState`, with the time, in milliseconds, before which the server lets nobody in; or 0.
 * `before` a handshake, a refusal counts as one; after a "refused" handshake it has been counted.
 * @param {string} sessionId @param {Pass | undefined} pass @param {"before" | "refused"} when
 * @returns {Promise<JoinAnswer<JoinState>>}
 */
export async function askToJoin(sessionId, pass, when) {
  try {
    const query = when === "refused" ? "?joining=refused" : "?joining=true";
    const { isActive, isFull } = await getSession(sessionId, pass, query);
    if (!isActive) return { state: "ended", retryAfterMs: 0 };
    return { state: isFull ? "full" : "open", retryAfterMs: 0 };
  } catch (error) {
    const { status, code, retryAfterMs } = asApiError(error);
    if (status === 429) return { state: "limited", retryAfterMs };
    // A proxy's 404 says nothing of the session.
    return { state: code === "SESSION_NOT_FOUND" ? "missing" : "unreachable", retryAfterMs: 0 };
  }
}

/**
 * The address that listeners open. The code is in the fragment, which browsers send to no server.
 * @param {string} sessionId @param {string | URL} base where listeners find the pages
 */
export function joinLink(sessionId, joinCode = "", base = root) {
  const link = new URL(`s/${sessionId}`, base);
  if (joinCode) link.hash = `code=${encodeURIComponent(joinCode)}`;
  return link.href;
}

/** The join code of this page's own address; "" for none. */
export function codeOfLink() {
  return new URLSearchParams(location.hash.slice(1)).get("code")?.trim() ?? "";
}

/** A session's name as people type it: with capitals, with spaces, or as a whole link. @param {string} typed */
export function sessionName(typed) {
  const last = typed.trim().split("/").pop() ?? "";
  return last.toLowerCase().replace(/[\s_-]+/g, "-").replace(/^-|-$/g, "");
}

/** The address of the WebSocket endpoint, which the server writes into the page. */
export function webSocketUrl() {
  return document.querySelector("meta[name=websocket-url]")?.getAttribute("content") ?? "";
}

/** @param {string} base @param {Record<string, string>} query */
export function socketAddress(base, query) {
  return `${base}?${new URLSearchParams(query)}`;
}
