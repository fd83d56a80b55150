/** Sums of the report's rows: by sentence, by language, and latencies by share. */

/** Adds a row to a sum. @param {RowSum} sum @param {ReportRow} row */
function add(sum, row) {
  sum.listeners += row.listeners;
  sum.delivered += row.delivered;
  sum.gone += row.gone;
  sum.dropped += row.dropped;
  sum.failed += row.failed;
  sum.latencyMs = Math.max(sum.latencyMs, row.latencyMs);
  if (row.untranslated) sum.untranslated.push(row.language);
  if (row.cached) sum.cached += 1;
  sum.rows += 1;
}

/** @param {ReportRow} row @returns {RowSum} */
function nothing({ sequence, spokenAt, language }) {
  return { sequence, spokenAt, language, listeners: 0, delivered: 0, gone: 0, dropped: 0, failed: 0, latencyMs: 0, untranslated: [], cached: 0, rows: 0 };
}

/** @param {ReportRow[]} rows @param {(row: ReportRow) => string | number} key */
function grouped(rows, key) {
  /** @type {Map<string | number, RowSum>} */
  const sums = new Map();
  for (const row of rows) {
    const name = key(row);
    const sum = sums.get(name) ?? nothing(row);
    sums.set(name, sum);
    add(sum, row);
  }
  return [...sums.values()];
}

/** A sum a sentence, in the order of their numbers. @param {ReportRow[]} rows @param {string} language "" for all */
export function bySentence(rows, language = "") {
  return grouped(language ? rows.filter((row) => row.language === language) : rows, ({ sequence }) => sequence);
}

/** A sum a language, those with most captions first. @param {ReportRow[]} rows */
export function byLanguage(rows) {
  return grouped(rows, ({ language }) => language).sort((a, b) => b.listeners - a.listeners || a.language.localeCompare(b.language));
}

/**
 * The smallest latency that this share (0 to 1) of all deliveries had or less; each delivery counts once,
 * as the server weighs it.
 * @param {ReportRow[]} rows @param {number} share
 */
export function latencyOf(rows, share) {
  const sorted = rows.filter(({ delivered }) => delivered > 0).sort((a, b) => a.latencyMs - b.latencyMs);
  const rank = Math.ceil(share * sorted.reduce((sum, { delivered }) => sum + delivered, 0));
  let passed = 0;
  return sorted.find(({ delivered }) => (passed += delivered) >= rank)?.latencyMs;
}

/** Whether everybody who listened was reached in their language. @param {RowSum} sum */
export function reachedAll({ listeners, delivered, untranslated }) {
  return delivered === listeners && untranslated.length === 0;
}

/** "2 gone, 1 dropped"; "" for none. @param {{gone: number, dropped: number, failed: number}} sum */
export function missed({ gone, dropped, failed }) {
  return Object.entries({ gone, dropped, failed })
    .filter(([, value]) => value > 0)
    .map(([name, value]) => `${value.toLocaleString("en-GB")} ${name}`)
    .join(", ");
}
