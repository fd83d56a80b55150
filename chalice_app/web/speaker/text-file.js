/** Reads a text file that the speaker opens; what it cannot be read as is said plainly. */

const MOST_KB = 200;
export const TOO_LONG = `This text is longer than ${MOST_KB} KB. Use it in parts.`;

/** @param {string} text */
export function isTooLong(text) {
  return new TextEncoder().encode(text).length > MOST_KB * 1024;
}

/** @param {File} file @returns {Promise<{text: string, problem: string}>} */
export async function readTextFile(file) {
  if (file.size > MOST_KB * 1024) return refused(TOO_LONG);
  let bytes;
  try {
    bytes = new Uint8Array(await file.arrayBuffer());
  } catch {
    return refused("The file could not be read.");
  }
  const [a, b] = bytes;
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)) return refused(notUtf8("It is UTF-16."));
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return text.includes("\0") ? refused("This is not a text file.") : { text, problem: "" };
  } catch {
    return refused(notUtf8("It may be of an older encoding, or not a text at all."));
  }
}

/** @param {string} why */
function notUtf8(why) {
  return `This file is not UTF-8. ${why} Save it as UTF-8 text and open it again.`;
}

/** @param {string} problem */
function refused(problem) {
  return { text: "", problem };
}
