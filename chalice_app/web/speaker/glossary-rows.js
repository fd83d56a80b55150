/** A glossary as rows of a table: from and to terms, CSV, and what is pasted. It does not touch the page. */
import { nearest } from "./language-matching.js";

/** As the server has them. */
export const MOST_TERMS = 500;
export const MOST_BLOCKED = 100;
export const MOST_BYTES = 100_000;

const HEADS = ["source", "keep", "caseSensitive", "blocked"];
const YES = /^(true|yes|y|x|1|\u2713)$/i;

/** @param {Partial<TermRow>} fields @returns {TermRow} */
export function row(fields = {}) {
  return { source: "", keep: true, caseSensitive: false, targets: {}, ...fields };
}

/** @param {GlossaryTerm[]} terms */
export function rowsOf(terms) {
  return terms.map(({ source, keep = false, caseSensitive = false, targets = {} }) =>
    row({ source, keep, caseSensitive, targets }),
  );
}

/**
 * The terms of the rows that are not empty, and each one's row.
 * @param {TermRow[]} rows
 */
export function termsOf(rows) {
  const places = rows.flatMap((each, place) => (isEmpty(each) ? [] : [place]));
  const terms = places.map((place) => term(/** @type {TermRow} */ (rows[place])));
  return { terms, places };
}

/** @param {TermRow} row @returns {GlossaryTerm} */
function term({ source, keep, caseSensitive, targets }) {
  const kept = keep ? { keep } : { targets: filled(targets) };
  return { source: source.trim(), ...kept, ...(caseSensitive && { caseSensitive }) };
}

/** @param {TermRow} row */
export function isEmpty({ source, targets }) {
  return !source.trim() && Object.keys(filled(targets)).length === 0;
}

/** @param {Record<string, string>} targets */
function filled(targets) {
  const trimmed = Object.entries(targets).map(([code, text]) => [code, text.trim()]);
  return Object.fromEntries(trimmed.filter(([, text]) => text));
}

/** What is wrong in a row, before the server is asked; "" for nothing. @param {TermRow} row */
export function problemOf(row) {
  if (isEmpty(row)) return "";
  if (!row.source.trim()) return "What is said is missing";
  const isSaid = Object.keys(filled(row.targets)).length > 0;
  if (row.keep && isSaid) return "Keep it as it is, or say it in a language: not both";
  return row.keep || isSaid ? "" : "Keep it as it is, or say it in one language at least";
}

/** The languages that rows have words for. @param {TermRow[]} rows */
export function codesOf(rows) {
  return [...new Set(rows.flatMap(({ targets }) => Object.keys(filled(targets))))];
}

/** @param {TermRow[]} rows @param {string[]} codes @param {string[]} blocked */
export function writeCsv(rows, codes, blocked) {
  const lines = rows
    .filter((each) => !isEmpty(each))
    .map(({ source, keep, caseSensitive, targets }) => {
      const flags = [keep, caseSensitive].map((is) => (is ? "true" : ""));
      return [source, ...flags, "", ...codes.map((code) => targets[code] ?? "")];
    });
  const masked = blocked.map((word) => ["", "", "", word, ...codes.map(() => "")]);
  return [[...HEADS, ...codes], ...lines, ...masked].map((line) => `${line.map(quoted).join(",")}\r\n`).join("");
}

/** @param {string} cell */
function quoted(cell) {
  return /[",;\r\n\t]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** The cells of a text (RFC 4180). Spreadsheets separate them by commas, semicolons or tabs. @param {string} text */
export function cellsOf(text, delimiter = delimiterOf(text)) {
  /** @type {string[][]} */
  const lines = [[]];
  let cell = "";
  let isQuoted = false;
  const endCell = () => {
    lines.at(-1)?.push(cell);
    cell = "";
  };
  const clean = text.replace(/^\uFEFF/, "").replace(/\r\n?/g, "\n");
  for (let at = 0; at < clean.length; at++) {
    const sign = clean.charAt(at);
    if (isQuoted && clean.startsWith('""', at)) cell += clean.charAt(++at);
    else if (sign === '"' && (isQuoted || !cell)) isQuoted = !isQuoted;
    else if (isQuoted || (sign !== delimiter && sign !== "\n")) cell += sign;
    else {
      endCell();
      if (sign === "\n") lines.push([]);
    }
  }
  endCell();
  return lines.filter((cells) => cells.some((each) => each.trim()));
}

/** @param {string} text */
function delimiterOf(text) {
  const head = text.split("\n", 1).join();
  const count = (/** @type {string} */ sign) => head.split(sign).length;
  return ["\t", ";", ","].reduce((best, sign) => (count(sign) > count(best) ? sign : best), ",");
}

/**
 * Rows of cells. A first line that begins with "source" names the columns; without one they are `columns`.
 * @param {string[][]} cells @param {string[]} columns "source" and codes @param {string[]} offered codes
 * @returns {{rows: TermRow[], blocked: string[], unknown: string[]}} `unknown`: columns whose name is not a language's
 */
export function rowsFromCells(cells, columns, offered) {
  const hasHead = cells[0]?.[0]?.trim().toLowerCase() === "source";
  const names = (hasHead ? (cells[0] ?? []) : columns).map((name) => columnOf(name.trim(), offered) ?? "");
  const unknown = hasHead ? (cells[0] ?? []).filter((name, at) => name.trim() && !names[at]) : [];
  /** @type {string[]} */
  const blocked = [];
  const rows = cells.slice(hasHead ? 1 : 0).map((line) => {
    const value = (/** @type {string} */ name) => line[names.indexOf(name)]?.trim() ?? "";
    if (value("blocked")) blocked.push(value("blocked"));
    const codes = names.filter((name) => name && !HEADS.includes(name));
    const targets = filled(Object.fromEntries(codes.map((code) => [code, value(code)])));
    // A form may have been in a column that is left out: then the row says so before it is saved.
    const isKept = unknown.length === 0 && Object.keys(targets).length === 0;
    const keep = YES.test(value("keep")) || isKept;
    return row({ source: value("source"), keep, caseSensitive: YES.test(value("caseSensitive")), targets });
  });
  return { rows: rows.filter((each) => !isEmpty(each)), blocked, unknown };
}

/** @param {string} name @param {string[]} offered */
function columnOf(name, offered) {
  const head = HEADS.find((each) => each.toLowerCase() === name.toLowerCase());
  return head ?? offered.find((code) => code.toLowerCase() === name.toLowerCase()) ?? nearest(name, offered);
}
