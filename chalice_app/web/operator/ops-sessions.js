/** The open sessions: who speaks, who listens, for how long. */
import { joinLink } from "./api.js";
import { nativeName } from "./languages.js";
import { duration, element, figure } from "./ops-alarms.js";
import { cell, columnHead, row, rowHead } from "./ops-charts.js";
import { Roster } from "./roster.js";

const COLUMNS = ["Session", "Speaks", "Speaker", "Said", "Open for", "Listening", "By language"];
const $ = (id) => document.getElementById(id);

export class Sessions {
  #table;
  #languages;
  #rows = new Map();

  /** @param {HTMLTableElement} table @param {import("./api.js").Language[]} languages */
  constructor(table, languages) {
    this.#table = table;
    this.#languages = languages;
    table.tHead.rows[0].replaceChildren(...COLUMNS.map(columnHead));
  }

  show({ sessions, hasMoreSessions, at }) {
    const body = this.#table.tBodies[0];
    const there = new Set(sessions.map(key));
    for (const [name, { line }] of this.#rows) {
      if (!there.has(name)) {
        line.remove();
        this.#rows.delete(name);
      }
    }
    sessions.forEach((session, place) => {
      const found = this.#rows.get(key(session)) ?? this.#add(session);
      this.#fill(found, session, at);
      // Only where it does not stand already: a link that is moved loses the focus.
      if (body.rows[place] !== found.line) body.insertBefore(found.line, body.rows[place] ?? null);
    });
    const heads = sessions.reduce((sum, { listenerCount }) => sum + listenerCount, 0);
    const count = sessions.length;
    $("heads").textContent = figure(heads);
    $("heads-words").textContent = `listening in ${count} ${count === 1 ? "session" : "sessions"}`;
    $("sessions").hidden = count === 0;
    $("nobody").hidden = count > 0;
    $("more").hidden = !hasMoreSessions;
  }

  #add(session) {
    const head = rowHead();
    const link = element("a", "name", session.sessionId);
    link.href = joinLink(encodeURIComponent(session.sessionId));
    link.translate = false;
    head.append(link);
    const cells = COLUMNS.slice(1).map((title) => cell(title));
    const source = element("bdi", "", nativeName(this.#languages, session.sourceLanguage));
    source.lang = session.sourceLanguage;
    cells[0].append(source);
    const list = element("ul", "roster");
    cells.at(-1).append(element("span", "hint", "nobody yet"), list);
    const made = { line: row(head, ...cells), cells, roster: new Roster(list, this.#languages) };
    this.#rows.set(key(session), made);
    return made;
  }

  #fill({ cells, roster }, session, at) {
    const [, speaker, said, open, listening] = cells;
    speaker.textContent = session.hasSpeaker ? "connected" : "away";
    said.textContent = figure(session.lastSequence);
    open.textContent = duration(at - session.createdAt);
    listening.textContent = figure(session.listenerCount);
    cells.at(-1).firstChild.hidden = session.listenerCount > 0;
    roster.show(session.languages);
  }
}

/** A name can come back; with its time it cannot. */
function key({ sessionId, createdAt }) {
  return `${sessionId} ${createdAt}`;
}
