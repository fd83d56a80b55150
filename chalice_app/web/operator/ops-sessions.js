/** The open sessions: who speaks, who listens, for how long. */
import { joinLink } from "./api.js";
import { $, element } from "./elements.js";
import { nativeName } from "./languages.js";
import { duration, figure } from "./ops-format.js";
import { cell, columnHead, row, rowHead } from "./ops-table.js";
import { refusalReasons } from "./refusals.js";
import { RosterBars } from "./roster-bars.js";

export class Sessions {
  #body = $("sessions-body");
  #languages;
  /** @type {Map<string, SessionRow>} */
  #rows = new Map();

  /** @param {Language[]} languages */
  constructor(languages) {
    this.#languages = languages;
    const titles = ["Session", "Speaks", "Speaker", "Said", "Open for", "Listening", "Refused", "By language"];
    $("sessions-head").append(...titles.map(columnHead));
  }

  /** @param {StageState} state */
  show({ sessions, hasMoreSessions, at }) {
    const there = new Set(sessions.map(key));
    for (const [name, { line }] of this.#rows) {
      if (!there.has(name)) {
        line.remove();
        this.#rows.delete(name);
      }
    }
    sessions.forEach((session, place) => {
      const found = this.#rows.get(key(session)) ?? this.#add(session);
      found.show(session, at);
      const present = this.#body.rows[place] ?? null;
      // Only a row that is elsewhere: a link that is moved loses the focus.
      if (present !== found.line) this.#body.insertBefore(found.line, present);
    });
    const heads = sessions.reduce((sum, { listenerCount }) => sum + listenerCount, 0);
    const count = sessions.length;
    $("heads").textContent = figure(heads);
    $("heads-words").textContent = `listening in ${count} ${count === 1 ? "session" : "sessions"}`;
    $("sessions").hidden = count === 0;
    $("nobody").hidden = count > 0;
    $("more").hidden = !hasMoreSessions;
  }

  /** @param {OperatedSession} session */
  #add(session) {
    const added = new SessionRow(session, this.#languages);
    this.#rows.set(key(session), added);
    return added;
  }
}

class SessionRow {
  #speaker = cell("Speaker");
  #said = cell("Said");
  #open = cell("Open for");
  #listening = cell("Listening");
  #refused = cell("Refused");
  #nobody = element("span", "hint", "nobody yet");
  #roster;

  /** @param {OperatedSession} session @param {Language[]} languages */
  constructor({ sessionId, sourceLanguage, title }, languages) {
    const head = rowHead();
    const link = element("a", "name", sessionId);
    link.href = joinLink(encodeURIComponent(sessionId));
    link.translate = false;
    head.append(link);
    if (title) head.append(element("br"), element("bdi", "hint", title));
    const speaks = cell("Speaks");
    const source = element("bdi", "", nativeName(languages, sourceLanguage));
    source.lang = sourceLanguage;
    speaks.append(source);
    const byLanguage = cell("By language");
    const list = element("ul", "roster");
    byLanguage.append(this.#nobody, list);
    this.#roster = new RosterBars(list, languages);
    this.line = row(head, speaks, this.#speaker, this.#said, this.#open, this.#listening, this.#refused, byLanguage);
  }

  /** @param {OperatedSession} session @param {number} nowMs */
  show(session, nowMs) {
    this.#speaker.textContent = session.hasSpeaker ? "connected" : "away";
    this.#said.textContent = figure(session.lastSequence);
    this.#open.textContent = duration(nowMs - session.createdAt);
    this.#listening.textContent = figure(session.listenerCount);
    this.#refused.textContent = refusalReasons(session.refused) || "nobody";
    this.#nobody.hidden = session.listenerCount > 0;
    this.#roster.show(session.languages, session.voices);
  }
}

/** A name can be used again; with its time it is unique. @param {OperatedSession} session */
function key({ sessionId, createdAt }) {
  return `${sessionId} ${createdAt}`;
}
