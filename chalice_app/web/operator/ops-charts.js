/** What was measured in the last minutes, as small charts and as a table. */
import { Chart } from "./chart.js";
import { clock, element, figure } from "./ops-alarms.js";

const MINUTE_MS = 60_000;
const ms = (value) => (value < 1000 ? figure(value, " ms") : figure(value / 1000, " s"));
const percent = (value) => figure(value, " %");
const count = (value) => figure(value);

/** What is counted every few minutes stays what it was in between. */
function held(points) {
  let last = null;
  return points.map((value) => (last = value ?? last));
}

/**
 * Of what is counted, nothing measured is none. The running minute would always look like a fall, and
 * the one before may still be on its way.
 */
function counted(points) {
  const settled = points.slice(0, -2).map((value) => value ?? 0);
  return [...settled, points.at(-2), null];
}

/** title, unit, options, series: name and field; `as` says what is drawn of the points */
const CHARTS = [
  ["Delivery latency", ms, { floor: 100 }, ["median", "latencyMedian"], ["slowest 1 %", "latencyP99"]],
  ["Sentences a minute", count, { floor: 10, as: counted }, ["sentences", "sentences"]],
  ["Cache hit rate", percent, { floor: 100, limit: 30 }, ["hit rate", "cacheHitRate"]],
  ["Cache size", count, { floor: 10, as: held }, ["entries", "cacheSize"]],
  ["Stream lag", ms, { floor: 2000, limit: 60_000 }, ["rosters", "rostersLag"], ["cache", "cacheLag"]],
];
const COLUMNS = CHARTS.flatMap(([title, unit, , ...series]) =>
  series.map(([name, field]) => [series.length > 1 ? `${title}, ${name}` : title, unit, field]),
);

export class Charts {
  #figures;
  #rows;

  /** @param {HTMLElement} into @param {HTMLTableElement} table */
  constructor(into, table) {
    this.#figures = CHARTS.map((chart) => this.#add(into, chart));
    const heads = ["Minute", ...COLUMNS.map(([title]) => title)];
    table.tHead.rows[0].replaceChildren(...heads.map(columnHead));
    this.#rows = table.tBodies[0];
  }

  show(measured) {
    const { rosters, cache } = measured.lags;
    const none = measured.sentences.map(() => null);
    const fields = { ...measured, rostersLag: rosters ?? none, cacheLag: cache ?? none };
    for (const { chart, now, bound, title, unit, options, series } of this.#figures) {
      const points = options.as ?? ((all) => all);
      const shown = series.map(([name, field]) => ({ name, points: points(fields[field]) }));
      now.textContent = latest(shown[0].points, unit);
      bound.hidden = !chart.show(title, shown);
    }
    this.#tabulate(measured.begin, fields);
  }

  #add(into, [title, unit, options, ...series]) {
    const frame = document.createElement("figure");
    const caption = document.createElement("figcaption");
    const now = element("span", "count");
    caption.append(element("span", "title", title), now);
    const names = element("p", "hint names");
    if (series.length > 1) {
      for (const [place, [name]] of series.entries()) names.append(element("span", `key key-${place + 1}`, name));
    }
    const limit = options.limit === undefined ? "" : `alarm at ${unit(options.limit)}`;
    const bound = element("span", "key key-bound", limit);
    names.append(bound);
    const picture = element("div", "picture");
    frame.append(caption, picture, names);
    into.append(frame);
    const chart = new Chart(picture, unit, options);
    return { chart, now, bound, title, unit, options, series };
  }

  #tabulate(begin, fields) {
    const rows = fields.sentences.map((_, place) => {
      const head = rowHead(clock(begin + place * MINUTE_MS));
      return row(
        head,
        ...COLUMNS.map(([title, unit, field]) => cell(title, told(fields[field][place], unit))),
      );
    });
    this.#rows.replaceChildren(...rows.reverse());
  }
}

function told(value, unit) {
  return value === null ? "–" : unit(value);
}

/** What was measured last: of what is not counted, a quiet minute does not take the figure away. */
function latest(points, unit) {
  return told(points.findLast((value) => value !== null) ?? null, unit);
}

// The roles are those that tables have anyway, except where a style sheet makes blocks of them:
// then some browsers forget.

/** @param {...HTMLTableCellElement} cells */
export function row(...cells) {
  const made = document.createElement("tr");
  made.setAttribute("role", "row");
  made.append(...cells);
  return made;
}

export function columnHead(title) {
  const head = element("th", "", title);
  head.scope = "col";
  head.setAttribute("role", "columnheader");
  return head;
}

export function rowHead(title = "") {
  const head = element("th", "", title);
  head.scope = "row";
  head.setAttribute("role", "rowheader");
  return head;
}

/** A cell that says itself what it holds, where there is no room for columns. */
export function cell(title, content = "") {
  const made = element("td", "", content);
  made.dataset.title = title;
  made.setAttribute("role", "cell");
  return made;
}
