/** What was measured in the last minutes, as small charts and as a table. */
import { $, element } from "./elements.js";
import { LineChart } from "./line-chart.js";
import { clock, figure } from "./ops-format.js";
import { cell, columnHead, row, rowHead } from "./ops-table.js";

const MINUTE_MS = 60_000;
/** @type {Unit} */
const ms = (value) => (value < 1000 ? figure(value, " ms") : figure(value / 1000, " s"));
/** @type {Unit} */
const percent = (value) => figure(value, " %");
/** @type {Unit} */
const count = (value) => figure(value);

/** The cache's size is measured every few minutes, and stays the same in between. @param {Minutes} points */
function held(points) {
  /** @type {number | null} */
  let last = null;
  return points.map((value) => (last = value ?? last));
}

/**
 * In a count, a minute without a measurement is 0. Not the last two: the running minute is incomplete,
 * and the one before may still be on its way.
 * @param {Minutes} points
 */
function counted(points) {
  const settled = points.slice(0, -2).map((value) => value ?? 0);
  return [...settled, points.at(-2) ?? null, null];
}

/** @type {ChartSpec[]} */
const CHARTS = [
  { title: "Delivery latency", unit: ms, floor: 100, series: [["median", "latencyMedian"], ["slowest 1 %", "latencyP99"]] },
  { title: "Sentences a minute", unit: count, floor: 10, as: counted, series: [["sentences", "sentences"]] },
  { title: "Cache hit rate", unit: percent, floor: 100, limit: 30, series: [["hit rate", "cacheHitRate"]] },
  { title: "Cache size", unit: count, floor: 10, as: held, series: [["entries", "cacheSize"]] },
  { title: "Stream lag", unit: ms, floor: 2000, limit: 60_000, series: [["rosters", "rostersLag"], ["cache", "cacheLag"]] },
];
const COLUMNS = CHARTS.flatMap(({ title, unit, series }) =>
  series.map(([name, field]) => ({ title: series.length > 1 ? `${title}, ${name}` : title, unit, field })),
);

export class Charts {
  #figures = CHARTS.map(chartFigure);

  constructor() {
    $("charts").append(...this.#figures.map(({ frame }) => frame));
    $("minutes-head").append(columnHead("Minute"), ...COLUMNS.map(({ title }) => columnHead(title)));
  }

  /** @param {Measurements} measured */
  show(measured) {
    const { rosters, cache } = measured.lags;
    const none = measured.sentences.map(() => null);
    const fields = { ...measured, rostersLag: rosters ?? none, cacheLag: cache ?? none };
    for (const { chart, now, bound, spec } of this.#figures) {
      const { title, unit, series, as = (all) => all } = spec;
      const shown = series.map(([name, field]) => ({ name, points: as(fields[field]) }));
      now.textContent = latest(shown[0]?.points ?? [], unit);
      bound.hidden = !chart.show(title, shown);
    }
    tabulate(measured.begin, fields);
  }

}

/** @param {number} beginMs @param {Record<Field, Minutes>} fields */
function tabulate(beginMs, fields) {
  const rows = fields.sentences.map((_, place) => {
    const cells = COLUMNS.map(({ title, unit, field }) => cell(title, written(fields[field][place], unit)));
    return row(rowHead(clock(beginMs + place * MINUTE_MS)), ...cells);
  });
  $("minutes").replaceChildren(...rows.reverse());
}

/** @param {ChartSpec} spec */
function chartFigure(spec) {
  const { title, unit, floor, limit, series } = spec;
  const frame = element("figure");
  const caption = element("figcaption");
  const now = element("span", "count");
  caption.append(element("span", "title", title), now);
  const names = element("p", "hint names");
  if (series.length > 1) {
    for (const [place, [name]] of series.entries()) names.append(element("span", `key key-${place + 1}`, name));
  }
  const bound = element("span", "key key-bound", limit === undefined ? "" : `alarm at ${unit(limit)}`);
  names.append(bound);
  const picture = element("div", "picture");
  frame.append(caption, picture, names);
  return { frame, chart: new LineChart(picture, unit, { limit, floor }), now, bound, spec };
}

/** @param {number | null | undefined} value @param {Unit} unit */
function written(value, unit) {
  return value === null || value === undefined ? "–" : unit(value);
}

/** The latest measurement, also after minutes without one. @param {Minutes} points @param {Unit} unit */
function latest(points, unit) {
  return written(points.findLast((value) => value !== null), unit);
}
