/** Listeners over time: one large chart of all, and a small one for each language, on the same clock. */
import { $, element } from "./elements.js";
import { columnHeads, count, minute, tableRow } from "./report-format.js";
import { sum } from "./report-timeline.js";

/** @typedef {import("./report-timeline.js").Timeline} Timeline */

const SVG = "http://www.w3.org/2000/svg";
const COLUMNS = 400;
const HEIGHT = 100;
/** Charts of languages; the others are one chart together. */
const MOST_CHARTS = 12;

/** @param {Timeline} timeline @param {(code: string) => string} nameOf */
export function showTimeline(timeline, nameOf) {
  const codes = timeline.languages;
  const shown = codes.length > MOST_CHARTS ? codes.slice(0, MOST_CHARTS - 1) : codes;
  const rest = codes.slice(shown.length);
  const all = timeline.columns(COLUMNS, sum);
  $("timeline").replaceChildren(chart("All languages", all, Math.max(1, ...all), timeline, 8));
  const charts = shown.map((code) => ({ title: nameOf(code), heads: timeline.columns(COLUMNS, (languages) => languages[code] ?? 0) }));
  if (rest.length) {
    const others = timeline.columns(COLUMNS, (languages) => rest.reduce((heads, code) => heads + (languages[code] ?? 0), 0));
    charts.push({ title: `${rest.length} more languages`, heads: others });
  }
  // One scale for all of them: their heights can be compared.
  $("timelines-scale").hidden = codes.length < 2;
  const top = Math.max(1, ...charts.flatMap(({ heads }) => heads));
  $("timelines").replaceChildren(...(codes.length > 1 ? charts.map(({ title, heads }) => chart(title, heads, top, timeline, 2)) : []));
  showNumbers(timeline, codes, nameOf);
}

/** @param {string} title @param {number[]} heads @param {number} top @param {Timeline} timeline @param {number} ticks */
function chart(title, heads, top, timeline, ticks) {
  const most = Math.max(...heads);
  const frame = element("figure");
  const caption = element("figcaption");
  caption.append(element("span", "title", title), element("span", "most", `at most ${count(most)}`));
  const picture = element("div", "picture");
  const svg = draw("svg", { viewBox: `0 0 ${COLUMNS} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" });
  svg.setAttribute("aria-label", `${title}: ${count(most)} at most, ${count(heads[0] ?? 0)} at the beginning, ${count(heads.at(-1) ?? 0)} at the end.`);
  const times = timeline.ticks(ticks);
  const grid = times.map((at) => `M${(timeline.share(at) * COLUMNS).toFixed(1)} 0V${HEIGHT}`).join("");
  const line = steps(heads, top);
  svg.append(
    draw("path", { class: "grid", d: `${grid}M0 0H${COLUMNS}M0 ${HEIGHT / 2}H${COLUMNS}` }),
    draw("path", { class: "area", d: `M0 ${HEIGHT}L${line}V${HEIGHT}Z` }),
    draw("path", { class: "edge", d: `M${line}` }),
    draw("path", { class: "base", d: `M0 ${HEIGHT}H${COLUMNS}` }),
  );
  picture.append(svg);
  frame.append(caption, picture, axis(times, timeline));
  return frame;
}

/** The times below a chart. @param {number[]} times @param {Timeline} timeline */
function axis(times, timeline) {
  const made = element("div", "axis");
  made.setAttribute("aria-hidden", "true");
  for (const at of times) {
    const label = element("span", "", minute(at));
    label.style.setProperty("--at", `${timeline.share(at) * 100}%`);
    made.append(label);
  }
  return made;
}

/** A line that moves only where the number does. @param {number[]} heads @param {number} top */
function steps(heads, top) {
  const y = (/** @type {number} */ value) => (HEIGHT - (value / top) * HEIGHT).toFixed(1);
  let last = heads[0] ?? 0;
  let path = `0 ${y(last)}`;
  heads.forEach((value, column) => {
    if (value === last) return;
    path += `H${column}V${y(value)}`;
    last = value;
  });
  return `${path}H${COLUMNS}`;
}

/** @param {Timeline} timeline @param {string[]} codes @param {(code: string) => string} nameOf */
function showNumbers(timeline, codes, nameOf) {
  const times = [...new Set([timeline.begin, ...timeline.ticks(24), timeline.end])];
  $("timeline-head").replaceChildren(...columnHeads(["Time", "All", ...codes.map(nameOf)]));
  $("timeline-rows").replaceChildren(
    ...times.map((at) => {
      const languages = timeline.at(at);
      return tableRow([minute(at), count(sum(languages)), ...codes.map((code) => count(languages[code] ?? 0))]);
    }),
  );
}

/** @param {"svg" | "path"} tag @param {Record<string, string>} attributes */
function draw(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}
