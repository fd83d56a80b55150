/** The speaker's console: from the first connection to the end of a session. */
import { askToJoin, asApiError, getJoinState, getSession, socketAddress } from "./api.js";
import { Audience } from "./audience.js";
import { beforeSending } from "./before-sending.js";
import { DISPLACED, limited, LOST, notice, OVER_BUDGET, REFUSED, STATES } from "./console-notices.js";
import { $ } from "./elements.js";
import { wireGlossary } from "./glossary-button.js";
import { directionOf, nativeName } from "./languages.js";
import { partsOf } from "./long-text.js";
import { microphoneControls, recognisersFor } from "./microphone-controls.js";
import { Outbox } from "./outbox.js";
import { ReconnectingSocket } from "./reconnecting-socket.js";
import { wireRemains } from "./remains-button.js";
import { showSpokenLanguage, wireSayForm } from "./say-form.js";
import { SentenceLog } from "./sentence-log.js";
import { endSession } from "./speaker-api.js";
import { TabLock } from "./tab-lock.js";

/** The silence after which a heartbeat tests the socket. */
const QUIET_MS = 60_000;

/** How often the page asks whom the stage has refused. */
const REFUSALS_MS = 15_000;

/**
 * @param {HeldSession} session @param {Language[]} languages
 * @param {(why: string) => void} over called when the session is over; once more with "purged" where what was said is deleted
 */
export function openConsole(session, languages, over) {
  const { sessionId, speakerToken: token, sourceLanguage, joinCode = "" } = session;
  const sendAgain = (/** @type {Sentence} */ sentence) => outbox.sendAgain(sentence);
  const log = new SentenceLog($("said"), languages, sourceLanguage, sendAgain, (...change) => outbox.corrections.correct(...change));
  const audience = new Audience(languages);
  const { roster } = audience;
  /** @type {Outbox} */
  const outbox = new Outbox((message) => socket.send(message), changed);
  const lock = new TabLock(sessionId, displaced);
  const socket = new ReconnectingSocket({
    address: () => socketAddress(session.webSocketUrl, { sessionId, token }),
    joinState: () => askToJoin(sessionId, { token }, "refused"),
    onMessage,
    onState,
    onServerClose,
    isBusy: () => outbox.isWaiting,
    displaces: true,
    quietMs: QUIET_MS,
  });
  const mayGo = () => connection === "live" && !paused && !isDisplaced;
  const recognisers = recognisersFor(sourceLanguage, languages);
  const way = { sessionId, token, language: sourceLanguage, recognisers, mayGo, say, send };
  const before = beforeSending({ ...way, languages });
  const dictation = microphoneControls({ ...way, before, roster, outbox, socket });
  // The start page needs neither. The lock is for the hall's screen, too: it is a dialog of this page.
  const invitation = import("./invitation.js").then((loaded) => loaded.invite(sessionId, joinCode), () => null);
  const screenLock = import("./wake-lock.js")
    .then((loaded) => new loaded.WakeLock($("awake"), $("may-darken"), $("hall-may-darken")), () => null);
  const remains = wireRemains(session, languages, (message) => socket.send(message), () => socket.close("purged"));
  /** @type {SocketState} */
  let connection = "connecting";
  let paused = false;
  let isDisplaced = false;
  const refusals = setInterval(showRefusals, REFUSALS_MS);

  /** @param {ServerMessage} message */
  function onMessage(message) {
    remains(message);
    switch (message.type) {
      case "joined":
        outbox.joined(message.lastSequence);
        socket.send({ action: "status" });
        break;
      case "roster":
      case "sessionStatus":
        audience.show(message);
        before.listened(message.languages);
        break;
      case "speechFailed":
        audience.voiceFailed(message);
        break;
      case "spoken":
        outbox.reported(message);
        audience.reported(message);
        showBudget(message);
        break;
      case "corrected":
        outbox.corrections.reported(message);
        break;
      case "sessionEnded":
        socket.close("ended");
        break;
      case "error":
        onError(message);
    }
  }

  /** @param {ErrorMessage} error */
  function onError(error) {
    if (error.code === "SESSION_NOT_FOUND") {
      leaveOr(() => socket.retryNow());
      return;
    }
    outbox.refused(error);
    before.refused(error);
    if (error.code === "NOT_SPEAKER") displaced();
  }

  /**
   * Only the session's own state, asked with its token, ends this page: a connection, too, may be unknown
   * to the server, and the token is forgotten at the end.
   * @param {() => void} act what to do while the session is open
   */
  async function leaveOr(act) {
    const state = await getJoinState(sessionId, { token });
    if (state === "missing" || state === "ended") socket.close("ended");
    else act();
  }

  /** @param {SocketState} state @param {string} why @param {number} waitMs */
  function onState(state, why, waitMs) {
    connection = state;
    $("state").dataset.state = state;
    showState();
    if (state === "live") notice("");
    if (state === "live") invitation.then((sent) => sent?.look());
    if (state === "waiting") {
      outbox.lost();
      const text = why === "refused" ? REFUSED : why === "limited" ? limited(waitMs) : LOST;
      notice(text, "Try now", () => socket.retryNow());
    }
    if (state === "over" && why !== "displaced") {
      dictation.finish();
      before.close();
      clearInterval(refusals);
      lock.close();
      screenLock.then((held) => held?.release());
      over(why);
    }
  }

  /**
   * Another speaker took over, and NOT_SPEAKER was lost. Connecting again by itself would displace that
   * speaker, whose page might do the same.
   */
  function onServerClose() {
    leaveOr(displaced);
  }

  /** Another tab or device of this speaker has taken over: this page says so, and offers to take over. */
  function displaced() {
    if (isDisplaced) return;
    isDisplaced = true;
    outbox.lost();
    dictation.stop();
    socket.close("displaced");
    showSending();
    notice(DISPLACED, "Speak from here", () => takeOver());
  }

  function takeOver() {
    isDisplaced = false;
    lock.take();
    showSending();
    socket.retryNow();
  }

  /** @param {string} text */
  function say(text) {
    if (!text.trim()) before.sendOldest();
    else if (!paused && !isDisplaced) send(text);
  }

  /** Also what was spoken before a pause, or before another tab took over. @param {string} text @param {SoundTimes | null} [sound] */
  function send(text, sound = null) {
    outbox.sayParts(partsOf(text, sourceLanguage), sound);
  }

  /** @param {Sentence} sentence */
  function changed(sentence) {
    $("nothing").hidden = true;
    log.show(sentence);
    before.became(sentence);
  }

  async function showRefusals() {
    if (connection !== "live" || document.hidden) return;
    const [state, words] = await Promise.all([getSession(sessionId, { token }), import("./refusals.js")]).catch(() => []);
    if (state && words) $("refused").textContent = words.refusalSentence(state.refused);
  }

  /** @param {Spoken} report */
  function showBudget({ languages: reports }) {
    const isSpent = Object.values(reports).some(({ overBudget }) => overBudget);
    if (isSpent && $("notice-text").textContent !== OVER_BUDGET) notice(OVER_BUDGET);
  }

  function togglePause() {
    paused = !paused;
    dictation.pause(paused);
    $("pause").setAttribute("aria-pressed", String(paused));
    $("pause").textContent = paused ? "Go on" : "Pause";
    showState();
    showSending();
  }

  function showState() {
    $("state-text").textContent = paused && connection === "live" ? "Paused" : STATES[connection];
    before.refresh();
  }

  function showSending() {
    $("send").disabled = paused || isDisplaced;
    $("microphone").disabled = $("send").disabled || !recognisers.any;
    const parts = partsOf($("text").value, sourceLanguage).length;
    if (paused) $("say-hint").textContent = "Paused: nothing is sent until you go on.";
    else if (parts > 1) $("say-hint").textContent = `Too long for one sentence: Enter sends it in ${parts} parts.`;
    else $("say-hint").textContent = "Enter sends, Shift + Enter starts a new line.";
  }

  async function end() {
    await dictation.hearOut();
    if (before.asksAgain()) return;
    $("confirm").close();
    if (socket.send({ action: "end" })) return;
    try {
      await endSession(sessionId, token);
      socket.close("ended");
    } catch (error) {
      if (asApiError(error).code === "SESSION_NOT_FOUND") socket.close("ended");
      else notice("The session could not be ended: the server does not answer. Try again.");
    }
  }

  function wire() {
    wireSayForm(say, showSending);
    $("pause").addEventListener("click", togglePause);
    $("confirm-end").addEventListener("click", end);
  }

  wire();
  wireGlossary(session, languages, () => roster.codes, before.reworded);
  showSpokenLanguage(sourceLanguage, nativeName(languages, sourceLanguage), directionOf(languages, sourceLanguage));
  showSending();
  document.title = `${sessionId} · Live translation`;
  lock.take();
  screenLock.then((held) => held?.keep());
  socket.open();
  $("text").focus();
}
