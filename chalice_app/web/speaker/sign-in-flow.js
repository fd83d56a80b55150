/**
 * OpenID Connect's authorisation code flow with PKCE, without the page: what is known comes in, requests
 * go out through `ask`. The ID token's signature is not looked at here: it comes from the provider itself
 * over TLS (OpenID Connect Core 1.0, 3.1.3.7), and the stage verifies it. See also RFC 7636 and RFC 9207.
 */

/** The difference that this computer's clock and the provider's may have. */
const LEEWAY_SECONDS = 300;

const FOREIGN =
  "This answer does not belong to a sign-in that this tab has begun. Start the session again, in one tab.";
const NOT_PUBLIC =
  "The provider wants a secret from this page, which no page can keep. Please notify the organiser: the " +
  "page must be registered there as a public client (a single-page application).";
const TOO_LATE = "The sign-in took too long, or its answer was used before. Start the session again.";
const OTHER_STAGE = "The provider’s token is not meant for this page. Please notify the organiser.";

/**
 * What providers answer instead of a code (RFC 6749, 4.1.2.1; OpenID Connect Core 1.0, 3.1.2.6).
 * @type {Record<string, string>}
 */
const REFUSALS = {
  access_denied: "You are not signed in: you cancelled, or the provider refused it.",
  server_error: "The provider failed while it signed you in. Try again in a moment.",
  temporarily_unavailable: "The provider is too busy to sign you in. Try again in a moment.",
};

/** The sign-in failed; the message says so to the person. */
export class SignInError extends Error {
  /** @override */
  name = "SignInError";
}

/**
 * The address where the person signs in, and what to keep until they return.
 * @param {Provider} provider @param {string} redirectUri @param {WantedSession} wanted @param {Ask} ask
 * @returns {Promise<{address: string, pending: PendingSignIn}>}
 */
export async function begin(provider, redirectUri, wanted, ask) {
  const { authorization_endpoint: endpoint } = await discover(provider, ask);
  const pending = { state: random(), nonce: random(), verifier: random(), redirectUri, wanted };
  const address = new URL(endpoint);
  const query = {
    response_type: "code",
    client_id: provider.clientId,
    redirect_uri: redirectUri,
    scope: "openid",
    state: pending.state,
    nonce: pending.nonce,
    code_challenge: await challenge(pending.verifier),
    code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
  return { address: address.href, pending };
}

/**
 * Exchanges the provider's answer for an ID token.
 * @param {Provider} provider @param {PendingSignIn | null} pending null: none was begun
 * @param {URLSearchParams} answer @param {Ask} ask @param {() => number} nowMs
 * @returns {Promise<{idToken: string, expiresInMs: number}>}
 */
export async function finish(provider, pending, answer, ask, nowMs) {
  if (!pending || answer.get("state") !== pending.state) throw new SignInError(FOREIGN);
  if ((answer.get("iss") ?? provider.issuer) !== provider.issuer) throw new SignInError(FOREIGN);
  const code = answer.get("code");
  if (!code) throw new SignInError(refusal(answer.get("error") ?? "no code"));
  const { token_endpoint: endpoint } = await discover(provider, ask);
  const { status, body } = await ask(endpoint, {
    grant_type: "authorization_code",
    code,
    client_id: provider.clientId,
    redirect_uri: pending.redirectUri,
    code_verifier: pending.verifier,
  });
  if (status !== 200) throw new SignInError(exchangeProblem(body));
  const idToken = String(body.id_token);
  return { idToken, expiresInMs: lifetimeMs(claimsOf(idToken), provider, pending, nowMs()) };
}

/** @param {Provider} provider @param {Ask} ask @returns {Promise<ProviderMetadata>} */
async function discover({ issuer, origins }, ask) {
  const host = new URL(issuer).host;
  // Some issuers end with a slash, and the path follows it once (OpenID Connect Discovery 1.0, 4).
  const { status, body } = await ask(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
  if (status !== 200 || body.issuer !== issuer) {
    throw new SignInError(
      `${host} does not describe itself as this stage’s provider. Please notify the organiser: SPEAKER_ISSUER may be wrong.`,
    );
  }
  const methods = body.code_challenge_methods_supported ?? ["S256"];
  if (!methods.includes("S256")) throw new SignInError(`${host} does not support PKCE (S256), which this page needs.`);
  const tokens = originOf(body.token_endpoint);
  if (!origins.includes(tokens)) {
    throw new SignInError(
      `${host} hands out tokens at ${tokens}, which this page may not ask. Please notify the organiser: ` +
        "SPEAKER_TOKEN_ORIGIN must name it.",
    );
  }
  originOf(body.authorization_endpoint);
  return body;
}

/** The origin of an endpoint, which must be a web address. @param {unknown} endpoint */
function originOf(endpoint) {
  try {
    const { protocol, origin } = new URL(String(endpoint));
    if (protocol === "https:" || protocol === "http:") return origin;
  } catch {
    // The same words.
  }
  throw new SignInError("The provider’s description has no usable addresses. Please notify the organiser.");
}

/** @param {string} error */
function refusal(error) {
  return REFUSALS[error] ?? `The provider did not sign you in (${plain(error)}). Please notify the organiser.`;
}

/** @param {any} body */
function exchangeProblem({ error, error_description: description }) {
  if (error === "invalid_grant") return TOO_LATE;
  if (error === "invalid_client" || /client_secret/.test(String(description))) return NOT_PUBLIC;
  return `The provider handed out no token (${plain(String(error))}). Please notify the organiser.`;
}

/** Anybody can write words into a link: only what looks like a code is shown. @param {string} error */
function plain(error) {
  return /^[a-z_ ]{1,40}$/.test(error) ? error : "unknown error";
}

/** @param {string} token a JWT @returns {any} */
function claimsOf(token) {
  try {
    return JSON.parse(atob((token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/")));
  } catch {
    throw new SignInError(OTHER_STAGE);
  }
}

/** @param {any} claims @param {Provider} provider @param {PendingSignIn} pending @param {number} nowMs */
function lifetimeMs({ iss, aud, nonce, iat, exp }, provider, pending, nowMs) {
  if (iss !== provider.issuer || aud !== provider.clientId) throw new SignInError(OTHER_STAGE);
  if (nonce !== pending.nonce) throw new SignInError(FOREIGN);
  const ahead = nowMs / 1000 - iat;
  if (exp * 1000 <= nowMs || ahead < -LEEWAY_SECONDS) {
    const minutes = Math.round(Math.abs(ahead) / 60);
    throw new SignInError(
      `This computer’s clock is ${minutes} minutes ${ahead > 0 ? "ahead of" : "behind"} the provider’s. Set it, and start again.`,
    );
  }
  return exp * 1000 - nowMs;
}

/** @param {string} verifier @returns {Promise<string>} RFC 7636, 4.2 */
async function challenge(verifier) {
  return base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier))));
}

/** 256 random bits, in the 43 characters that RFC 7636 asks for at the least. */
function random() {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

/** @param {Uint8Array} bytes */
function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
