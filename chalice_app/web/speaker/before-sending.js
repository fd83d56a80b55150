/**
 * What comes before sending: the review of what the microphone heard, and a prepared text. Their modules
 * are loaded when the speaker first asks for them.
 */
import { keep, recall } from "./browser-storage.js";
import { $ } from "./elements.js";
import { directionOf } from "./languages.js";
import { loadStyle } from "./load-style.js";

const NOT_LOADED = "This part of the page could not be loaded. Close it and open it again.";
/** Until the server is asked for a module again. */
const RETRY_MS = 3_000;

/** @param {Way & {languages: Language[], recognisers: Recognisers}} given */
export function beforeSending(given) {
  const { sessionId, send } = given;
  const options = { ...given, direction: directionOf(given.languages, given.language) };
  /** @type {import("./review-list.js").ReviewList | null} */
  let review = null;
  let isLoading = false;
  /** Heard before the list was there. @type {[text: string, sound: SoundTimes | null][]} */
  const early = [];
  /** @type {import("./prepared-panel.js").PreparedPanel | null} */
  let panel = null;
  /** @type {string[]} */
  let listened = [];

  function loadReview() {
    if (!isLoading) tryReview();
    isLoading = true;
  }

  async function tryReview() {
    try {
      const [{ ReviewList }] = await Promise.all([import("./review-list.js"), styled()]);
      review = new ReviewList(options);
      for (const [text, sound] of early.splice(0)) review.hear(text, sound);
    } catch {
      $("held-status").textContent = "The list cannot be loaded yet. What is heard waits for it.";
      setTimeout(tryReview, RETRY_MS);
    }
  }

  async function loadPanel() {
    if (panel || !$("prepared").hasAttribute("open")) return;
    try {
      const [{ PreparedPanel }] = await Promise.all([import("./prepared-panel.js"), styled()]);
      panel ??= new PreparedPanel($("prepared-body"), options);
      panel.listened(listened);
    } catch {
      $("prepared-body").textContent = NOT_LOADED;
    }
  }

  function wire() {
    $("review-group").hidden = !given.recognisers.any;
    $("review").checked = recall("review") === "on";
    $("review-seconds").value = recall("review-seconds") ?? "0";
    if ($("review").checked || recall(`held ${sessionId}`, "sessionStorage")) loadReview();
    $("review").addEventListener("change", () => {
      keep("review", $("review").checked ? "on" : "");
      loadReview();
    });
    $("review-seconds").addEventListener("change", () => keep("review-seconds", $("review-seconds").value));
    $("prepared").addEventListener("toggle", loadPanel);
    $("prepared").toggleAttribute("open", recall(`prepared ${sessionId}`) !== null);
    $("end").addEventListener("click", () => {
      review?.ask();
      $("confirm").showModal();
    });
    $("confirm-stay").addEventListener("click", () => $("confirm").close());
  }

  wire();
  return {
    /** A sentence of the microphone's. @param {string} text @param {SoundTimes | null} sound */
    heard(text, sound) {
      if (review) review.hear(text, sound);
      else if (isLoading) early.push([text, sound]);
      else send(text, sound);
    },
    /** Whether the speaker looks at what is heard before anybody else reads it. */
    get isOn() {
      return $("review").checked;
    },
    /** What `mayGo` answers may have changed. */
    refresh() {
      review?.refresh();
      panel?.refresh();
    },
    /** The glossary has changed. */
    reworded: () => panel?.reworded(),
    sendOldest: () => review?.sendOldest(),
    /** Whether the microphone's last words came into the list after the speaker was asked about it. */
    asksAgain: () => review?.asksAgain(),
    /** @param {Sentence} sentence */
    became: (sentence) => panel?.became(sentence),
    /** @param {ErrorMessage} error */
    refused: (error) => panel?.refused(error),
    /** @param {Counts} counts */
    listened(counts) {
      listened = Object.keys(counts).filter((code) => code !== options.language && counts[code]);
      panel?.listened(listened);
    },
    close() {
      review?.close();
      for (const name of ["prepared", "prepared-place"]) keep(`${name} ${sessionId}`, "");
      $("prepared").removeAttribute("open");
    },
  };
}

/** @type {Promise<unknown> | undefined} */
let style;

/** That of both parts. */
function styled() {
  return (style ??= loadStyle(new URL("./before-sending.css", import.meta.url)));
}
