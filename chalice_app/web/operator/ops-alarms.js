/** The alarms as they stand: state, value, limit, and what it means in plain words. */

const WORDS = {
  BroadcastSuccessRate: [
    "Captions delivered",
    "Captions that reached listeners who are there. Those who have left do not count.",
  ],
  BufferOverflowRate: [
    "Captions too late",
    "Captions older than 10 seconds when their turn came, and so dropped. The hall may be larger than the post rate allows.",
  ],
  FailedLanguagesCount: [
    "Translations failed",
    "Their listeners read the source text, marked as not translated.",
  ],
  CacheHitRate: [
    "Translations from the cache",
    "It is about money, not about listeners: a talk in which nothing is said twice is rightly at 0\u00a0%.",
  ],
};
const STATES = {
  OK: "Quiet",
  ALARM: "Alarm",
  INSUFFICIENT_DATA: "No data yet",
  MISSING: "Not set up on this stage",
};
const UNITS = { Percent: " %", Count: "", Milliseconds: " ms" };

/** "14:03", in the reader's own time zone. */
export function clock(ms) {
  return new Date(ms).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

/** "12 min", "3 h 5 min" */
export function duration(ms) {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** At most three figures: nobody reads the rest. */
export function figure(value, unit = "") {
  if (value === null || value === undefined) return "–";
  return `${Number(value.toPrecision(3)).toLocaleString("en-GB")}${unit}`;
}

function breaches({ value, threshold, comparison }) {
  if (value === null) return false;
  if (comparison.startsWith("LessThan")) return value < threshold;
  return value > threshold;
}

export class Alarms {
  #list;
  #verdict;
  #cards = new Map();

  /** @param {HTMLElement} list @param {HTMLElement} verdict a live region: all of it in a sentence */
  constructor(list, verdict) {
    this.#list = list;
    this.#verdict = verdict;
  }

  show(alarms, now) {
    for (const alarm of alarms) {
      const card = this.#cards.get(alarm.name) ?? this.#add(alarm.name);
      this.#fill(card, alarm, now);
    }
    const text = verdict(alarms);
    this.#verdict.classList.toggle("firing", alarms.some(isFiring));
    // The same again would be read out again.
    if (this.#verdict.textContent !== text) this.#verdict.textContent = text;
  }

  #add(name) {
    const [title, meaning] = WORDS[name] ?? [name, ""];
    const card = document.createElement("li");
    card.append(
      element("h3", "", title),
      element("p", "standing"),
      element("p", "value"),
      element("p", "limit"),
      element("p", "hint", meaning),
    );
    this.#cards.set(name, card);
    this.#list.append(card);
    return card;
  }

  #fill(card, alarm, now) {
    const [, standing, value, limit] = card.children;
    card.dataset.state = alarm.state;
    const since = alarm.since ? ` since ${clock(alarm.since)}, ${duration(now - alarm.since)}` : "";
    standing.textContent = `${STATES[alarm.state] ?? alarm.state}${since}`;
    value.hidden = limit.hidden = alarm.state === "MISSING";
    if (value.hidden) return;
    const unit = UNITS[alarm.unit] ?? "";
    const idle = alarm.value === null;
    value.replaceChildren(
      element("span", idle ? "hint" : "count", idle ? "Nothing to measure" : figure(alarm.value, unit)),
    );
    const side = alarm.comparison.startsWith("LessThan") ? "below" : "above";
    const beyond = alarm.state === "OK" && breaches(alarm);
    limit.textContent =
      `Limit: ${side} ${figure(alarm.threshold, unit)} for ${alarm.periods} × ${alarm.minutes} min.` +
      (beyond ? " It is beyond it now." : "");
    card.toggleAttribute("data-beyond", beyond);
  }
}

function isFiring({ state }) {
  return state === "ALARM";
}

function verdict(alarms) {
  const firing = alarms.filter(isFiring);
  if (firing.length === 0) return "All is quiet.";
  const names = firing.map(({ name }) => WORDS[name]?.[0] ?? name);
  return `${firing.length === 1 ? "One alarm" : `${firing.length} alarms`}: ${names.join(", ")}.`;
}

/** An element with a class and a text. */
export function element(tag, className = "", content = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.textContent = content;
  return made;
}
