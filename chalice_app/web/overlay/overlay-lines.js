/** Where the browser breaks a text: it knows every script's rules. */

/** A finger more than the rounding of a line's place. */
const SAME_LINE = 0.5;

/**
 * The lines of a text as they stand in a ruler: an element with the width and the letters of the lines.
 * @param {HTMLElement} ruler @param {string} text
 */
export function breakLines(ruler, text) {
  ruler.textContent = text;
  const node = ruler.firstChild;
  /** @type {string[]} */
  const lines = [];
  if (!node) return lines;
  const height = ruler.getBoundingClientRect().height;
  const range = document.createRange();
  let [top, start] = [-Infinity, 0];
  for (const at of characterStarts(text)) {
    range.setStart(node, at);
    range.setEnd(node, Math.min(text.length, at + 1));
    const box = range.getClientRects()[0];
    if (!box?.height) continue;
    if (top > -Infinity && box.top > top + box.height * SAME_LINE) {
      lines.push(text.slice(start, at));
      start = at;
      top = box.top;
    }
    top = Math.max(top, box.top);
  }
  lines.push(text.slice(start));
  ruler.textContent = "";
  return height ? lines.map((line) => line.trim()).filter(Boolean) : [text];
}

/** @param {string} text */
function* characterStarts(text) {
  let at = 0;
  for (const character of text) {
    yield at;
    at += character.length;
  }
}
