/** Rows and cells of tables. Some browsers forget the roles of a table that is shown as blocks. */
import { element } from "./elements.js";

/** @param {...HTMLTableCellElement} cells */
export function row(...cells) {
  const made = element("tr");
  made.setAttribute("role", "row");
  made.append(...cells);
  return made;
}

/** @param {string} title */
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

/** A cell with its column's title, for screens that are too narrow for columns. @param {string} title */
export function cell(title, content = "") {
  const made = element("td", "", content);
  made.dataset.title = title;
  made.setAttribute("role", "cell");
  return made;
}
