/** A transcript as a file: asked for, and asked for again while it is being translated. */
import { ApiError, asApiError, passHeaders, root } from "./api.js";

/** The server answers within API Gateway's 29 s. */
const TIMEOUT_MS = 32_000;
/** Where a server names no time. */
const RETRY_MS = 2_000;

/**
 * Resolves when the file is complete. Rejects with an ApiError; its code is "CANCELLED" after `signal`.
 * @param {WantedTranscript} wanted @param {Pass} pass @param {AbortSignal} signal
 * @param {(done: number, sentences: number) => void} onProgress while it is being translated
 * @returns {Promise<{blob: Blob, name: string}>}
 */
export async function fetchTranscript(wanted, pass, signal, onProgress) {
  const path = `sessions/${encodeURIComponent(wanted.sessionId)}/transcript?${queryOf(wanted)}`;
  for (;;) {
    const response = await ask(new URL(path, root), passHeaders(pass), signal);
    const isFile = response.status === 200;
    const body = await (isFile ? response.blob() : response.json()).catch(() => (isFile ? null : {}));
    if (signal.aborted) throw cancelled();
    if (body instanceof Blob) return { blob: body, name: nameOf(response) || `${wanted.sessionId}.${wanted.format}` };
    // The line broke in the middle of the file.
    if (isFile) throw new ApiError(0, { code: "UNREACHABLE" });
    if (response.status !== 202) throw new ApiError(response.status, body);
    onProgress(body.done ?? 0, body.sentences ?? 0);
    await pause(body.retryAfterMs ?? RETRY_MS, signal);
  }
}

/** What went wrong, as a word of a few. @param {unknown} error @returns {TranscriptProblem} */
export function problemOf(error) {
  const { status, code } = asApiError(error);
  if (code === "CANCELLED") return "cancelled";
  if (status === 0) return "offline";
  if (status === 429) return "limited";
  // A join code or a token that is not accepted looks like a session that is not there.
  if (status === 404 || status === 401) return "nothing";
  return "failed";
}

/** @param {WantedTranscript} wanted */
function queryOf({ format, language, beside }) {
  return new URLSearchParams({ format, language, ...(beside && { with: beside }) });
}

/** @param {URL} url @param {Record<string, string>} headers @param {AbortSignal} signal */
async function ask(url, headers, signal) {
  const request = new AbortController();
  const abort = () => request.abort();
  const timer = setTimeout(abort, TIMEOUT_MS);
  signal.addEventListener("abort", abort);
  try {
    if (signal.aborted) throw cancelled();
    return await fetch(url, { cache: "no-store", headers, signal: request.signal });
  } catch (cause) {
    throw signal.aborted ? cancelled() : new ApiError(0, { code: "UNREACHABLE", message: String(cause) });
  } finally {
    clearTimeout(timer);
  }
}

/** @param {number} milliseconds @param {AbortSignal} signal @returns {Promise<void>} */
function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(cancelled());
    });
  });
}

function cancelled() {
  return new ApiError(0, { code: "CANCELLED" });
}

/** The server's name for it (RFC 6266); "" for none. @param {Response} response */
function nameOf(response) {
  const header = response.headers.get("Content-Disposition") ?? "";
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(header)?.[1];
  try {
    if (encoded) return decodeURIComponent(encoded);
  } catch {
    // The plain name, then.
  }
  return /filename="?([^";]+)"?/i.exec(header)?.[1]?.trim() ?? "";
}
