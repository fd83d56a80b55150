/** What the panel "What remains" needs of a talk: who listened, and what the overlays show. */
import { $, element } from "./elements.js";
import { fillPanel } from "./remains-panel.js";
import { storeSession } from "./stored-session.js";

/** The switch is asked for again until the server confirms it: a stream must not show what it should not. */
const CONFIRM_MS = 3_000;
const EMPTY = "All overlays are empty. You can fill them again under “What remains”.";

/**
 * @param {HeldSession} session @param {Language[]} languages
 * @param {(message: ClientMessage) => boolean} send
 * @param {() => void} onPurged everything that was said has been deleted
 */
export function gather(session, languages, send, onPurged) {
  const overlays = new Overlays(send);
  return {
    /** @param {ServerMessage} message */
    hear(message) {
      if (message.type === "roster" || message.type === "sessionStatus") listened(session, message.languages);
      if (message.type === "joined") overlays.joined(message.overlaysHidden ?? false);
      if (message.type === "overlays") overlays.confirmed(message.hidden);
    },
    /** @param {HTMLElement} place */
    show: (place) => fillPanel(place, { session, languages, overlays, onPurged }),
  };
}

/** They come first among the transcript's languages, also after a reload. @param {HeldSession} session @param {Counts} counts */
function listened(session, counts) {
  const known = session.listened ?? [];
  const fresh = Object.keys(counts).filter((code) => counts[code] && !known.includes(code));
  if (!fresh.length) return;
  session.listened = [...known, ...fresh];
  storeSession(session);
}

/** Empties all overlays, or fills them again. @implements {OverlaySwitch} */
class Overlays {
  isHidden = false;
  isPending = false;
  onChange = () => {};
  #send;
  #timer = 0;
  #notice = element("p", "warning", EMPTY);

  /** @param {(message: ClientMessage) => boolean} send */
  constructor(send) {
    this.#send = send;
    this.#notice.setAttribute("role", "status");
    this.#notice.hidden = true;
    $("remains").before(this.#notice);
  }

  /** @param {boolean} isHidden */
  hide(isHidden) {
    this.#become(isHidden, true);
    this.#ask();
  }

  /** The server's state on a new connection; what was asked for meanwhile outweighs it. @param {boolean} isHidden */
  joined(isHidden) {
    if (this.isPending && isHidden !== this.isHidden) this.#ask();
    else this.#become(isHidden, false);
  }

  /** @param {boolean} isHidden */
  confirmed(isHidden) {
    if (!this.isPending || isHidden === this.isHidden) this.#become(isHidden, false);
  }

  #ask() {
    clearTimeout(this.#timer);
    if (!this.isPending) return;
    this.#send({ action: "overlays", hidden: this.isHidden });
    this.#timer = setTimeout(() => this.#ask(), CONFIRM_MS);
  }

  /** @param {boolean} isHidden @param {boolean} isPending */
  #become(isHidden, isPending) {
    this.isHidden = isHidden;
    this.isPending = isPending;
    if (!isPending) clearTimeout(this.#timer);
    this.#notice.hidden = !isHidden;
    this.onChange();
  }
}
