/** The transcript's download, where its speaker lets everybody have it. Loaded when it may be asked for. */
import { getSession } from "./api.js";
import { $, button, element } from "./elements.js";
import { pass, sessionId } from "./entry.js";
import { saveFile } from "./save-file.js";
import { fetchTranscript, problemOf } from "./transcript-file.js";
import { en, WORDS } from "./words-download.js";

/** @typedef {keyof typeof en} Key */

/** @type {{group: HTMLElement, show: () => void}[]} */
const shown = [];

/** In the settings and after the end. Asks each time: the page's language may be another now. */
export async function offer() {
  const session = await getSession(sessionId, pass()).catch(() => null);
  const isOffered = session?.transcript === "everyone" && session.retentionHours !== 0;
  if (isOffered && !shown.length) {
    for (const place of [$("settings"), $("ended")]) {
      const made = download();
      shown.push(made);
      place.append(made.group);
    }
  }
  for (const { show } of shown) show();
}

function download() {
  const group = element("div", "group");
  const act = button("", () => (running ? running.abort() : start()));
  const status = element("span", "hint");
  status.setAttribute("role", "status");
  group.append(act, status);
  /** @type {AbortController | null} */
  let running = null;
  /** @type {Key | ""} */
  let told = "";
  let progress = "";

  async function start() {
    running = new AbortController();
    tell("asking");
    // Read now: the listener may have changed to another since.
    const wanted = { sessionId, format: "txt", language: $("language").value, beside: "" };
    try {
      const file = await fetchTranscript(wanted, pass(), running.signal, (done, all) => tell("asking", ` ${done} / ${all}`));
      saveFile(file);
      running = null;
      tell("saved");
    } catch (error) {
      const problem = problemOf(error);
      running = null;
      tell(problem === "cancelled" ? "" : problem);
    }
  }

  /** @param {Key | ""} key @param {string} [more] */
  function tell(key, more = "") {
    told = key;
    progress = more;
    show();
  }

  function show() {
    const words = WORDS[document.documentElement.lang] ?? en;
    act.textContent = running ? words.cancel : words.download;
    const text = told ? words[told] + progress : "";
    if (status.textContent !== text) status.textContent = text;
  }

  return { group, show };
}
