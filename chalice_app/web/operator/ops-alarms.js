/** The alarms: state, value, limit, and what each means in plain words. */
import { $, element } from "./elements.js";
import { clock, duration, figure } from "./ops-format.js";

/** Title and meaning by name. @type {Record<string, [string, string]>} */
const WORDS = {
  BroadcastSuccessRate: [
    "Captions delivered",
    "Captions that reached listeners who are there. Listeners who have left do not count.",
  ],
  BufferOverflowRate: [
    "Captions too late",
    "Captions that were older than 10 seconds when their turn came, and so were dropped. The hall may be larger than the post rate allows.",
  ],
  FailedLanguagesCount: [
    "Translations failed",
    "Their listeners read the source text, marked as not translated.",
  ],
  FailedVoicesCount: [
    "Sentences not spoken",
    "Those who listen did not hear them. Their captions were not affected.",
  ],
  CacheHitRate: [
    "Translations from the cache",
    "This is about cost, not about listeners: a talk in which nothing is said twice is rightly at 0\u00a0%.",
  ],
};
const STATES = {
  OK: "Quiet",
  ALARM: "Alarm",
  INSUFFICIENT_DATA: "No data yet",
  MISSING: "Not set up on this stage",
};
const UNITS = { Percent: " %", Count: "", Milliseconds: " ms" };

/** @param {Alarm} alarm */
function isBelow({ comparison }) {
  return comparison.startsWith("LessThan");
}

/** Whether an alarm's value is beyond its limit. @param {Alarm} alarm */
function breaches(alarm) {
  if (alarm.value === null) return false;
  return isBelow(alarm) ? alarm.value < alarm.threshold : alarm.value > alarm.threshold;
}

export class Alarms {
  /** @type {Map<string, ReturnType<typeof card>>} */
  #cards = new Map();

  /** @param {AnyAlarm[]} alarms @param {number} nowMs */
  show(alarms, nowMs) {
    for (const alarm of alarms) fill(this.#cards.get(alarm.name) ?? this.#add(alarm.name), alarm, nowMs);
    const text = verdict(alarms);
    $("verdict").classList.toggle("firing", alarms.some(isFiring));
    // A screen reader would read the same text again.
    if ($("verdict").textContent !== text) $("verdict").textContent = text;
  }

  /** @param {string} name */
  #add(name) {
    const made = card(name);
    this.#cards.set(name, made);
    $("alarms").append(made.item);
    return made;
  }
}

/** @param {string} name */
function card(name) {
  const [title, meaning] = WORDS[name] ?? [name, ""];
  const item = element("li");
  const standing = element("p", "standing");
  const value = element("p", "value");
  const limit = element("p", "limit");
  item.append(element("h3", "", title), standing, value, limit, element("p", "hint", meaning));
  return { item, standing, value, limit };
}

/** @param {ReturnType<typeof card>} card @param {AnyAlarm} alarm @param {number} nowMs */
function fill({ item, standing, value, limit }, alarm, nowMs) {
  item.dataset.state = alarm.state;
  value.hidden = limit.hidden = alarm.state === "MISSING";
  standing.textContent = STATES[alarm.state] ?? alarm.state;
  if (alarm.state === "MISSING") return;
  if (alarm.since) standing.append(` since ${clock(alarm.since)}, ${duration(nowMs - alarm.since)}`);
  const unit = UNITS[alarm.unit] ?? "";
  const isIdle = alarm.value === null;
  value.replaceChildren(
    element("span", isIdle ? "hint" : "count", isIdle ? "Nothing to measure" : figure(alarm.value, unit)),
  );
  const side = isBelow(alarm) ? "below" : "above";
  const isBeyond = alarm.state === "OK" && breaches(alarm);
  limit.textContent =
    `Limit: ${side} ${figure(alarm.threshold, unit)} for ${alarm.periods} × ${alarm.minutes} min.` +
    (isBeyond ? " The value is beyond it now." : "");
  item.toggleAttribute("data-beyond", isBeyond);
}

/** @param {AnyAlarm} alarm */
function isFiring({ state }) {
  return state === "ALARM";
}

/** @param {AnyAlarm[]} alarms */
function verdict(alarms) {
  const firing = alarms.filter(isFiring);
  if (firing.length === 0) return "All is quiet.";
  const names = firing.map(({ name }) => WORDS[name]?.[0] ?? name);
  return `${firing.length === 1 ? "One alarm" : `${firing.length} alarms`}: ${names.join(", ")}.`;
}
