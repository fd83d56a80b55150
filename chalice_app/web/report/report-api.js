/** The report over HTTP: as what the page shows, and as files. The token is sent in a header alone. */
import { ApiError, asApiError, passHeaders, request, root } from "./api.js";
import { saveFile } from "./save-file.js";

/** A long talk's report takes some seconds on a stage that has slept. */
const PATIENCE_MS = 30_000;

/** The session of this page's own address: `/s/{id}/report`. */
export function sessionOfAddress() {
  return decodeURIComponent(location.pathname.split("/").at(-2) ?? "");
}

/** @param {string} sessionId @param {string} format */
function address(sessionId, format) {
  return `sessions/${encodeURIComponent(sessionId)}/report?format=${format}`;
}

/** @param {string} sessionId @param {string} token @returns {Promise<EventReport>} */
export function getReport(sessionId, token) {
  return request(address(sessionId, "json"), {
    headers: passHeaders({ token }),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
}

/**
 * Asks for the report as a file, and hands it to the browser as a download.
 * @param {string} sessionId @param {string} token @param {"csv" | "json"} format
 */
export async function saveReport(sessionId, token, format) {
  const response = await fetch(new URL(address(sessionId, format), root), {
    cache: "no-store",
    headers: passHeaders({ token }),
    signal: AbortSignal.timeout(PATIENCE_MS),
  }).catch((cause) => {
    throw new ApiError(0, { message: String(cause) });
  });
  if (!response.ok) throw new ApiError(response.status, await response.json().catch(() => ({})));
  saveFile({ blob: await response.blob(), name: `${sessionId}-report.${format}` });
}

/** What a refusal means for whoever reads the page. @param {unknown} error */
export function problemOf(error) {
  const { status, code, retryAfterMs } = asApiError(error);
  if (status === 401) return "That is not this session’s token.";
  if (code === "SEQUENCE_NOT_KEPT") return "Nothing of this session is kept: its time is over, it was deleted, or nothing was said.";
  if (status === 404) return "There is no such session, or it is not kept any more.";
  if (status === 429) return `Too many tries from here. Try again in ${Math.max(1, Math.ceil(retryAfterMs / 1000))} seconds.`;
  if (status === 0) return "The server does not answer. Check the connection and try again.";
  return "The server could not put the report together. Try again.";
}
