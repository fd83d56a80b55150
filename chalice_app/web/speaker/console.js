/** The speaker's console: everything from `joined` to the end of a session. */
import { endSession, howIs, socketAddress } from "./api.js";
import { Claim } from "./claim.js";
import { Dictation } from "./dictation.js";
import { invite } from "./invitation.js";
import { directionOf, nativeName } from "./languages.js";
import { Line } from "./line.js";
import { Outbox } from "./outbox.js";
import { Roster } from "./roster.js";
import { listeners, Said } from "./said.js";

const QUIET_MS = 60_000;
const $ = (id) => document.getElementById(id);

const STATES = { connecting: "Connecting…", live: "Live", waiting: "Reconnecting…", over: "Not connected" };
const LOST = "The connection is lost. What you say is kept and sent as soon as it is back.";
const REFUSED =
  "The server answers, but does not let this tab in: it is very busy, or the session was opened " +
  "elsewhere. It keeps trying.";
const LIMITED =
  "Too many connections come from your network at once, so this one has to wait, a minute at most. " +
  "What you say is kept.";
const OVER_BUDGET =
  "What may be translated in this session is used up. From now on listeners read your own words, " +
  "and translations only of what was said before.";
const DISPLACED =
  "Another tab or device speaks in this session now. What you type here is not sent.";

/**
 * @param {import("./speaker.js").Held} session
 * @param {import("./api.js").Language[]} languages
 * @param {(why: string) => void} over called once, when the session is over
 */
export function openConsole(session, languages, over) {
  const { sessionId, speakerToken: token, sourceLanguage, joinCode = "" } = session;
  const said = new Said($("said"), languages, sourceLanguage, (sentence) => outbox.sendAgain(sentence));
  const roster = new Roster($("roster"), languages);
  const outbox = new Outbox((message) => line.send(message), changed);
  const claim = new Claim(sessionId, displaced);
  const line = new Line({
    address: () => socketAddress(session.webSocketUrl, { sessionId, token }),
    verdict: () => howIs(sessionId, { token }),
    onMessage,
    onState,
    onDismissed: dismissed,
    busy: () => outbox.isWaiting,
    quietMs: QUIET_MS,
  });
  const dictation = new Dictation({
    language: sourceLanguage,
    onInterim: showInterim,
    onFinal: say,
    onStop: stoppedDictating,
  });
  let paused = false;
  let displacedNow = false;

  function onMessage(message) {
    switch (message.type) {
      case "joined":
        outbox.joined(message.lastSequence);
        line.send({ action: "status" });
        break;
      case "roster":
      case "sessionStatus":
        showAudience(message);
        break;
      case "spoken":
        outbox.reported(message);
        showBudget(message);
        break;
      case "sessionEnded":
        line.close("ended");
        break;
      case "error":
        onError(message);
    }
  }

  function onError(error) {
    if (error.code === "NOT_SPEAKER") displaced();
    else if (error.code === "SESSION_NOT_FOUND") line.close("ended");
    else outbox.refused(error);
  }

  function onState(state, why) {
    $("state").dataset.state = state;
    $("state-text").textContent = state === "live" && paused ? "Paused" : STATES[state];
    if (state === "live") notice("");
    if (state === "waiting") {
      outbox.lost();
      const texts = { refused: REFUSED, limited: LIMITED };
      notice(texts[why] ?? LOST, "Try now", () => line.retryNow());
    }
    if (state === "over" && why !== "displaced") {
      dictation.stop();
      claim.close();
      over(why);
    }
  }

  /**
   * Closed without a word: another speaks, and the word was lost. Coming back unasked would take the
   * talk from it, and it would take it back.
   */
  async function dismissed() {
    const state = await howIs(sessionId);
    if (state === "missing" || state === "ended") line.close("ended");
    else displaced();
  }

  /** Two tabs of one speaker: one speaks, and the other says so and offers to take over. */
  function displaced() {
    if (displacedNow) return;
    displacedNow = true;
    outbox.displaced();
    dictation.stop();
    line.close("displaced");
    showSending();
    notice(DISPLACED, "Speak from here", () => takeOver());
  }

  function takeOver() {
    displacedNow = false;
    claim.take();
    showSending();
    line.retryNow();
  }

  function say(text) {
    if (text.trim() && !paused && !displacedNow) outbox.say(text.trim());
  }

  function changed(sentence) {
    $("nothing").hidden = true;
    said.show(sentence);
  }

  function showAudience({ listenerCount, languages: counts }) {
    $("count").textContent = String(listenerCount);
    $("nobody").hidden = listenerCount > 0;
    $("hall-count").textContent = listenerCount ? `${listeners(listenerCount)} so far` : "";
    roster.show(counts);
  }

  function showBudget({ languages: reports }) {
    const isSpent = Object.values(reports).some(({ overBudget }) => overBudget);
    if (isSpent && $("notice-text").textContent !== OVER_BUDGET) notice(OVER_BUDGET);
  }

  function showInterim(text) {
    $("interim").textContent = text;
    $("interim").hidden = !text;
  }

  function stoppedDictating(problem) {
    $("microphone").setAttribute("aria-pressed", "false");
    $("microphone").textContent = "Use the microphone";
    if (problem) notice(problem);
  }

  function toggleMicrophone() {
    if (dictation.isOn) {
      dictation.stop();
      return;
    }
    notice("");
    dictation.start();
    $("microphone").setAttribute("aria-pressed", "true");
    $("microphone").textContent = "Stop listening";
  }

  function togglePause() {
    paused = !paused;
    if (paused && dictation.isOn) dictation.stop();
    $("pause").setAttribute("aria-pressed", String(paused));
    $("pause").textContent = paused ? "Go on" : "Pause";
    const state = $("state").dataset.state;
    $("state-text").textContent = paused && state === "live" ? "Paused" : STATES[state];
    showSending();
  }

  function showSending() {
    $("send").disabled = paused || displacedNow;
    $("microphone").disabled = $("send").disabled || !Dictation.isSupported;
    $("say-hint").textContent = paused
      ? "Paused: nothing is sent until you go on."
      : "Enter sends, Shift + Enter starts a new line.";
  }

  function notice(text, action = "", act = null) {
    $("notice").hidden = !text;
    $("notice-text").textContent = text;
    $("notice-button").hidden = !action;
    $("notice-button").textContent = action;
    $("notice-button").onclick = act;
  }

  async function end() {
    $("confirm").close();
    if (line.send({ action: "end" })) return;
    try {
      await endSession(sessionId, token);
      line.close("ended");
    } catch (error) {
      if (error.status === 404) line.close("ended");
      else notice("The session could not be ended: the server does not answer. Try again.");
    }
  }

  function wire() {
    $("say").addEventListener("submit", (event) => {
      event.preventDefault();
      if ($("send").disabled) return;
      say($("text").value);
      $("text").value = "";
    });
    $("text").addEventListener("keydown", (event) => {
      // Not while an input method composes: its Enter chooses a character.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      $("say").requestSubmit();
    });
    $("microphone").addEventListener("click", toggleMicrophone);
    $("pause").addEventListener("click", togglePause);
    $("end").addEventListener("click", () => $("confirm").showModal());
    $("confirm-stay").addEventListener("click", () => $("confirm").close());
    $("confirm-end").addEventListener("click", end);
  }

  function showLanguage() {
    $("say-language").textContent = `in ${nativeName(languages, sourceLanguage)}`;
    $("text").lang = sourceLanguage;
    $("text").dir = directionOf(languages, sourceLanguage);
    if (!Dictation.isSupported) {
      $("microphone").disabled = true;
      $("microphone").textContent = "No speech recognition in this browser";
    }
  }

  wire();
  showLanguage();
  invite(sessionId, joinCode);
  document.title = `${sessionId} · Live translation`;
  claim.take();
  line.open();
  $("text").focus();
}
