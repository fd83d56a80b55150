/** A small line chart of some minutes: one or two series, with gaps where nothing was measured. */
import { element } from "./elements.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 300;
const HEIGHT = 80;

export class LineChart {
  #svg;
  #top;
  #describe;
  #limit;
  #floor;

  /**
   * @param {HTMLElement} into gets a picture and the value of its upper edge
   * @param {(value: number) => string} describe a value with its unit
   * @param {{limit?: number, floor?: number}} options `limit` is drawn as a line; the upper edge is not
   *   below `floor`
   */
  constructor(into, describe, { limit, floor = 1 } = {}) {
    this.#describe = describe;
    this.#limit = limit;
    this.#floor = floor;
    this.#svg = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", class: "chart" });
    this.#top = element("span", "edge");
    this.#top.setAttribute("aria-hidden", "true");
    into.append(this.#top, this.#svg);
  }

  /**
   * @param {string} title @param {Series[]} series
   * @returns {boolean} whether the limit is in the picture
   */
  show(title, series) {
    const values = series.flatMap(({ points }) => measured(points));
    const top = niceAbove(Math.max(this.#floor, ...values));
    this.#top.textContent = values.length ? this.#describe(top) : "";
    /** @type {Scale} */
    const y = (value) => HEIGHT - 2 - (value / top) * (HEIGHT - 6);
    const lines = series.flatMap(({ points }, place) => [
      draw("path", { class: `dot line-${place + 1}`, d: dots(points, y) }),
      draw("path", { class: `line line-${place + 1}`, d: path(points, y) }),
    ]);
    const base = draw("path", { class: "base", d: `M0 ${HEIGHT - 1}H${WIDTH}` });
    const limit = this.#limit !== undefined && this.#limit <= top ? y(this.#limit) : null;
    const bound = limit === null ? [] : [draw("path", { class: "bound", d: `M0 ${limit}H${WIDTH}` })];
    this.#svg.setAttribute("aria-label", `${title}, last 15 minutes: ${series.map((each) => this.#summary(each)).join("; ")}.`);
    this.#svg.replaceChildren(base, ...bound, ...lines.reverse());
    return limit !== null;
  }

  /** @param {Series} series */
  #summary({ name, points }) {
    const values = measured(points);
    const last = values.at(-1);
    if (last === undefined) return `${name}: nothing measured`;
    const [least, most] = [Math.min(...values), Math.max(...values)].map(this.#describe);
    return `${name}: last ${this.#describe(last)}, between ${least} and ${most}`;
  }
}

/** @param {Minutes} points */
function measured(points) {
  return points.filter((value) => value !== null);
}

/** @param {Minutes} points @param {Scale} y */
function path(points, y) {
  return points
    .map((value, place) => {
      if (value === null) return "";
      return `${isMeasured(points, place - 1) ? "L" : "M"}${point(points, place, y(value))}`;
    })
    .join("");
}

/**
 * Dots for minutes between two gaps, which a line does not show, and for the last minute.
 * @param {Minutes} points @param {Scale} y
 */
function dots(points, y) {
  const last = points.findLastIndex((value) => value !== null);
  const isAlone = (/** @type {number} */ place) => !isMeasured(points, place - 1) && !isMeasured(points, place + 1);
  return points
    .map((value, place) =>
      // A line of almost no length is drawn as its round ends.
      value !== null && (place === last || isAlone(place)) ? `M${point(points, place, y(value))}h.01` : "",
    )
    .join("");
}

/** @param {Minutes} points @param {number} place */
function isMeasured(points, place) {
  return (points[place] ?? null) !== null;
}

/** @param {Minutes} points @param {number} place @param {number} y */
function point(points, place, y) {
  const x = (place * WIDTH) / Math.max(1, points.length - 1);
  return `${x.toFixed(1)} ${y.toFixed(1)}`;
}

/** The next of 1, 2, 5, 10, 20 and so on: an upper edge that seldom changes. @param {number} value */
function niceAbove(value) {
  const unit = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5].find((factor) => factor * unit >= value) ?? 10) * unit;
}

/**
 * @template {"svg" | "path"} Tag
 * @param {Tag} tag @param {Record<string, string>} attributes
 */
function draw(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}
