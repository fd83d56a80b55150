/** Style sheets of parts that come when they are first asked for. */
import { element } from "./elements.js";

/** Loads a style sheet and waits for it; a page without it still works. @param {URL} address */
export function loadStyle({ href }) {
  return new Promise((done) => {
    const link = Object.assign(element("link"), { rel: "stylesheet", href, onload: done, onerror: done });
    document.head.append(link);
  });
}
