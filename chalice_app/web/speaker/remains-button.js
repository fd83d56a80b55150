/** The way to what remains of a session. It comes after the console, which does not wait for it. */
import { $ } from "./elements.js";

const NOT_LOADED = "This part of the page could not be loaded. Close it and open it again.";

/** @param {Parameters<typeof import("./remains.js").gather>} given @returns {(message: ServerMessage) => void} takes what the server sends */
export function wireRemains(...given) {
  /** What came before it, the newest of each type. @type {Map<string, ServerMessage>} */
  const early = new Map();
  /** @type {ReturnType<typeof import("./remains.js").gather> | undefined} */
  let remains;
  let isShown = false;

  async function load() {
    const { gather } = await import("./remains.js");
    if (remains) return remains;
    remains = gather(...given);
    early.forEach(remains.hear);
    return remains;
  }

  $("remains").addEventListener("toggle", async () => {
    if (isShown || !$("remains").hasAttribute("open")) return;
    try {
      await (await load()).show($("remains-body"));
      isShown = true;
    } catch {
      $("remains-body").textContent = NOT_LOADED;
    }
  });
  load().catch(() => {});
  return (message) => {
    if (remains) remains.hear(message);
    else early.set(message.type, message);
  };
}
