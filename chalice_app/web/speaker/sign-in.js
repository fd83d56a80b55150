/** Signing in from the speaker's page. Loaded only on a stage that asks for it (`SPEAKER_SIGN_IN`). */
import { root } from "./api.js";
import { keep, recall } from "./browser-storage.js";
import { $, element } from "./elements.js";
import { begin, finish, SignInError } from "./sign-in-flow.js";

const KEY = "sign-in";
const TIMEOUT_MS = 8000;
/** A token that ends sooner is not used: the stage would refuse it. */
const RESERVE_MS = 30_000;

export const NOT_ACCEPTED =
  "You are signed in, but this stage does not accept it. Ask the organiser whether you may open sessions.";
const INSECURE = "Signing in needs a page that was opened by https.";
const NO_STORAGE = "Signing in needs the browser’s storage, which is switched off for this page.";

$("open-button").after(element("p", "hint", `You sign in at ${new URL(provider().issuer).host} first.`));

/** The token, in memory alone; `until` is in milliseconds of `performance.now`. */
let held = { idToken: "", until: 0 };

/**
 * The token that opens sessions; "" when the page leaves to fetch one.
 * @param {WantedSession} wanted what to open on the return
 */
export async function speakersToken(wanted) {
  if (performance.now() < held.until - RESERVE_MS) return held.idToken;
  if (!crypto.subtle) throw new SignInError(INSECURE);
  const { address, pending } = await begin(provider(), root.href, wanted, ask);
  keep(KEY, JSON.stringify(pending), "sessionStorage");
  if (!recall(KEY, "sessionStorage")) throw new SignInError(NO_STORAGE);
  location.assign(address);
  return "";
}

/** After a refusal by the stage. */
export function forgetToken() {
  held = { idToken: "", until: 0 };
}

/**
 * Takes the provider's answer out of the page's address, where there is one; each can be used once.
 * @returns {SignInAnswer | null}
 */
export function takeAnswer() {
  const answer = new URLSearchParams(location.search);
  if (!answer.has("state")) return null;
  history.replaceState(null, "", root);
  const pending = takePending();
  return {
    wanted: pending?.wanted ?? null,
    finished: async () => {
      const { idToken, expiresInMs } = await finish(provider(), pending, answer, ask, Date.now);
      held = { idToken, until: performance.now() + expiresInMs };
    },
  };
}

/** @returns {PendingSignIn | null} */
function takePending() {
  const text = recall(KEY, "sessionStorage");
  keep(KEY, "", "sessionStorage");
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}

/** What the stage has written into the page. @returns {Provider} */
function provider() {
  const tag = /** @type {HTMLMetaElement} */ (document.querySelector("meta[name=sign-in]"));
  const { issuer = "", origins = "" } = tag.dataset;
  return { issuer, clientId: tag.content, origins: origins.split(" ") };
}

/** @type {Ask} */
async function ask(url, form) {
  const options = { cache: "no-store", credentials: "omit", redirect: "error", referrerPolicy: "no-referrer" };
  try {
    const response = await fetch(url, {
      .../** @type {RequestInit} */ (options),
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(form && { method: "POST", body: new URLSearchParams(form) }),
    });
    return { status: response.status, body: await response.json().catch(() => ({})) };
  } catch {
    throw new SignInError(await silence(url));
  }
}

/** Why there was no answer: browsers do not say whether CORS or the network is to blame. @param {string} url */
async function silence(url) {
  const { host } = new URL(url);
  try {
    await fetch(url, { mode: "no-cors", credentials: "omit", signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch {
    return `${host} does not answer, so you cannot sign in. Check your connection and try again.`;
  }
  return (
    `${host} answers, but does not let this page ask it (CORS). Please notify the organiser: ` +
    `${location.origin} must be registered there as a web origin of a single-page application.`
  );
}
