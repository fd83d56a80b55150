/** Figures and times as the report writes them. Times are in the reader's own time zone. */
import { element } from "./elements.js";

/** @param {number} value */
export function count(value) {
  return value.toLocaleString("en-GB");
}

/** Never "100 %" where anything is missing: the last digit is cut, not rounded. @param {number} part @param {number} whole */
export function percent(part, whole) {
  if (!whole) return "–";
  const cut = Math.floor((part / whole) * 10_000) / 100;
  return `${cut.toLocaleString("en-GB")} %`;
}

/** "380 ms", "1.2 s"; "–" where there is none. @param {number | undefined} ms */
export function latency(ms) {
  if (ms === undefined) return "–";
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toLocaleString("en-GB", { maximumFractionDigits: 1 })} s`;
}

/** "19:03" @param {number} atMs */
export function minute(atMs) {
  return new Date(atMs).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

/** "19:03:07" @param {number} atMs */
export function second(atMs) {
  return new Date(atMs).toLocaleTimeString("en-GB");
}

/** "29 November 2026" @param {number} atMs */
export function day(atMs) {
  return new Date(atMs).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });
}

/** "12 min", "2 h 5 min" @param {number} ms */
export function duration(ms) {
  const minutes = Math.max(0, Math.round(ms / 60_000));
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** @param {number} value */
export function dollars(value) {
  return `$${value.toLocaleString("en-GB", { minimumFractionDigits: 2, maximumFractionDigits: value < 1 ? 4 : 2 })}`;
}

/** "1 listener", "2 listeners" @param {number} value @param {string} one */
export function several(value, one) {
  return `${count(value)} ${one}${value === 1 ? "" : "s"}`;
}

/** @param {string[]} titles */
export function columnHeads(titles) {
  return titles.map((title) => Object.assign(element("th", "", title), { scope: "col" }));
}

/** A row; the first cell is its head. @param {string[]} cells */
export function tableRow([head = "", ...cells]) {
  const made = element("tr");
  made.append(Object.assign(element("th", "", head), { scope: "row" }), ...cells.map((each) => element("td", "", each)));
  return made;
}
