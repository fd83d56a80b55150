/** What the overlay's address asks for. It does not touch the page. */

const DEFAULTS = { lines: 2, size: 48, width: 68 };
const LIMITS = { lines: [1, 8], size: [16, 240], width: [20, 90] };
const CHOICES = { mode: ["rollup", "blocks"], align: ["center", "start", "end"], position: ["bottom", "top"] };
const KNOWN = ["language", "with", "background", ...Object.keys(LIMITS), ...Object.keys(CHOICES)];

/**
 * What is wrong is said, and the default is taken: the stream has captions all the same.
 * @param {string} search the query of the address
 * @param {(colour: string) => boolean} isColour
 * @returns {OverlayOptions}
 */
export function readOptions(search, isColour) {
  const query = new URLSearchParams(search);
  /** @type {string[]} */
  const problems = [];
  for (const name of new Set(query.keys())) if (!KNOWN.includes(name)) problems.push(`There is no parameter ${name}.`);
  return {
    language: query.get("language")?.trim() ?? "",
    second: query.get("with")?.trim() ?? "",
    lines: number(query, "lines", problems),
    size: number(query, "size", problems),
    width: number(query, "width", problems),
    isBlocks: choice(query, "mode", problems) === "blocks",
    align: choice(query, "align", problems),
    isTop: choice(query, "position", problems) === "top",
    background: colour(query, isColour, problems),
    problems,
  };
}

/** @param {URLSearchParams} query @param {keyof typeof DEFAULTS} name @param {string[]} problems */
function number(query, name, problems) {
  const [least = 0, most = 0] = LIMITS[name];
  const text = query.get(name);
  if (text === null) return DEFAULTS[name];
  const value = /^\d{1,6}$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  problems.push(`${name} must be a whole number from ${least} to ${most}.`);
  return value > most ? most : value < least ? least : DEFAULTS[name];
}

/** @param {URLSearchParams} query @param {"mode" | "align" | "position"} name @param {string[]} problems */
function choice(query, name, problems) {
  const offered = CHOICES[name];
  const value = query.get(name) ?? offered[0] ?? "";
  if (offered.includes(value)) return value;
  problems.push(`${name} must be one of: ${offered.join(", ")}.`);
  return offered[0] ?? "";
}

/** @param {URLSearchParams} query @param {(colour: string) => boolean} isColour @param {string[]} problems */
function colour(query, isColour, problems) {
  const text = query.get("background")?.trim() ?? "transparent";
  // In an address, # begins another part, so the digits may stand alone.
  const found = [text, `#${text}`].find((each) => /^(?:[a-z]+|#[0-9a-f]{3,8})$/i.test(each) && isColour(each));
  if (!found) problems.push("background must be a colour's name, or its hexadecimal digits without #.");
  return found ?? "transparent";
}
