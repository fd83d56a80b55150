/** Times, durations and figures as the operator reads them. */

/** "14:03", in the reader's own time zone. @param {number} atMs */
export function clock(atMs) {
  return new Date(atMs).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

/** "12 min", "3 h 5 min" @param {number} ms */
export function duration(ms) {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Three significant digits at most; "–" for null. @param {number | null} value */
export function figure(value, unit = "") {
  if (value === null) return "–";
  return `${Number(value.toPrecision(3)).toLocaleString("en-GB")}${unit}`;
}
