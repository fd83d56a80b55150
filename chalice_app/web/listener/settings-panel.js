/** The panel "Text and sound": how it opens and closes, and the captions' size. */
import { keep } from "./browser-storage.js";
import { $ } from "./elements.js";

const LARGEST = 6;

/** @param {() => void} sizeChanged called after each change */
export function wireSettingsPanel(sizeChanged) {
  $("settings-button").addEventListener("click", () => toggle());
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || $("settings").hidden) return;
    toggle();
    $("settings-button").focus();
  });
  wireSizes(sizeChanged);
}

/** The transcript's download, where it is offered. */
export function offerDownload() {
  import("./download.js").then((part) => part.offer()).catch(() => {});
}

function toggle() {
  const hidden = !$("settings").hidden;
  if (!hidden) offerDownload();
  $("settings").hidden = hidden;
  $("settings-button").setAttribute("aria-expanded", String(!hidden));
}

/** @param {() => void} changed */
function wireSizes(changed) {
  const data = document.documentElement.dataset;
  const show = () => {
    // Not `disabled`: a button that is disabled while it has the focus loses it.
    $("smaller").setAttribute("aria-disabled", String(data.size === "1"));
    $("larger").setAttribute("aria-disabled", String(data.size === String(LARGEST)));
  };
  const step = (/** @type {number} */ by) => () => {
    const size = String(Math.min(LARGEST, Math.max(1, Number(data.size) + by)));
    data.size = size;
    keep("size", size);
    show();
    changed();
  };
  $("smaller").addEventListener("click", step(-1));
  $("larger").addEventListener("click", step(1));
  show();
}
