/** Reads what a socket received: the protocol's messages, and API Gateway's own words. */

/** The gateway's refusals for a time: "Too Many Requests", "Limit Exceeded", "Throttled". */
const THROTTLED = /too many|limit|throttl/i;

/** The gateway names no time. */
const RETRY_MS = 2000;

/** @param {string} data @returns {ServerMessage | null} null: not a message */
export function readMessage(data) {
  try {
    const message = JSON.parse(data);
    return message?.type ? message : gatewayError(message);
  } catch {
    return null;
  }
}

/**
 * `{"message":"Forbidden","connectionId":"…","requestId":"…"}`, without a type: the gateway did not
 * hand over a client's message, or its function died, or has not answered within 29 seconds.
 * @param {any} message
 * @returns {ErrorMessage | null}
 */
function gatewayError(message) {
  if (typeof message?.message !== "string" || !message.requestId) return null;
  const { message: text, requestId } = message;
  const code = THROTTLED.test(text) ? "RATE_LIMITED" : "INTERNAL";
  return { type: "error", code, message: text, requestId, retryAfterMs: RETRY_MS };
}
