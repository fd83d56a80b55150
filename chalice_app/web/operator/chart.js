/** A small line chart of some minutes: one or two series, gaps where nothing was measured. */

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 300;
const HEIGHT = 80;

/** @typedef {{name: string, points: (number | null)[]}} Series */

export class Chart {
  #svg;
  #top;
  #describe;
  #limit;
  #floor;

  /**
   * @param {HTMLElement} into gets a picture and the value that its upper edge stands for
   * @param {(value: number) => string} describe a value with its unit
   * @param {{limit?: number, floor?: number}} options a line to draw; the least upper edge
   */
  constructor(into, describe, { limit, floor = 1 } = {}) {
    this.#describe = describe;
    this.#limit = limit;
    this.#floor = floor;
    this.#svg = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", class: "chart" });
    this.#top = document.createElement("span");
    this.#top.className = "edge";
    // The picture's own text says it, too.
    this.#top.setAttribute("aria-hidden", "true");
    into.append(this.#top, this.#svg);
  }

  /**
   * @param {string} title @param {Series[]} series
   * @returns {boolean} whether the limit is in the picture
   */
  show(title, series) {
    const values = series.flatMap(({ points }) => points).filter((value) => value !== null);
    const top = niceAbove(Math.max(this.#floor, ...values));
    this.#top.textContent = values.length ? this.#describe(top) : "";
    const y = (value) => HEIGHT - 2 - (value / top) * (HEIGHT - 6);
    const lines = series.flatMap(({ points }, place) => [
      draw("path", { class: `dot line-${place + 1}`, d: dots(points, y) }),
      draw("path", { class: `line line-${place + 1}`, d: path(points, y) }),
    ]);
    const base = draw("path", { class: "base", d: `M0 ${HEIGHT - 1}H${WIDTH}` });
    const isLimited = this.#limit <= top;
    const limit = isLimited ? [draw("path", { class: "bound", d: `M0 ${y(this.#limit)}H${WIDTH}` })] : [];
    this.#svg.setAttribute("aria-label", `${title}, last 15 minutes: ${series.map((each) => this.#told(each)).join("; ")}.`);
    this.#svg.replaceChildren(base, ...limit, ...lines.reverse());
    return isLimited;
  }

  #told({ name, points }) {
    const values = points.filter((value) => value !== null);
    if (values.length === 0) return `${name}: nothing measured`;
    const [least, most] = [Math.min(...values), Math.max(...values)].map(this.#describe);
    return `${name}: last ${this.#describe(values.at(-1))}, between ${least} and ${most}`;
  }
}

function path(points, y) {
  return points
    .map((value, place) => {
      if (value === null) return "";
      return `${isMeasured(points, place - 1) ? "L" : "M"}${at(points, place, y)}`;
    })
    .join("");
}

/** What a line does not show: minutes alone between two gaps; and the last one, to be found. */
function dots(points, y) {
  const last = points.findLastIndex((value) => value !== null);
  const alone = (place) => !isMeasured(points, place - 1) && !isMeasured(points, place + 1);
  return points
    .map((value, place) =>
      // A line of no length has round ends.
      value !== null && (place === last || alone(place)) ? `M${at(points, place, y)}h.01` : "",
    )
    .join("");
}

function isMeasured(points, place) {
  return (points[place] ?? null) !== null;
}

function at(points, place, y) {
  const x = (place * WIDTH) / Math.max(1, points.length - 1);
  return `${x.toFixed(1)} ${y(points[place]).toFixed(1)}`;
}

/** The next of 1, 2, 5, 10, 20 and so on: an upper edge that does not change all the time. */
function niceAbove(value) {
  const unit = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].find((factor) => factor * unit >= value) * unit;
}

function draw(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}
