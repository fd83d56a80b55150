/** The captions in a stream: the overlay's address, and the switch that empties all overlays. */
import { root } from "./api.js";
import { element } from "./elements.js";
import { nativeName } from "./languages.js";
import { copyButton, field, part, select } from "./panel-parts.js";

/** The overlay's own, where its address says nothing. */
const LINES = "2";
const SIZE = "48";
const SIZES = { least: 16, most: 200 };

/** @type {[value: string, text: string][]} */
const BACKGROUNDS = [
  ["", "Transparent, for a stream"],
  ["black", "Black, for a projector"],
  ["white", "White, for a projector"],
  ["green", "Green, for a keyer"],
];

/** @param {OverlaySwitch} overlays */
export function switchPart(overlays) {
  const turn = element("button", "");
  turn.type = "button";
  turn.setAttribute("role", "switch");
  turn.addEventListener("click", () => overlays.hide(!overlays.isHidden));
  const state = element("p", "hint");
  state.setAttribute("role", "status");
  overlays.onChange = show;
  show();

  function show() {
    const { isHidden, isPending } = overlays;
    turn.setAttribute("aria-checked", String(isHidden));
    turn.textContent = "Empty all overlays";
    const words = isHidden ? "All overlays are empty. Listeners go on reading." : "Overlays show captions.";
    const text = isPending ? "Waiting for the server to confirm…" : words;
    if (state.textContent !== text) state.textContent = text;
  }
  return part("Captions in a stream or on a projector", turn, state);
}

/** @param {HeldSession} session @param {Language[]} languages */
export function addressPart({ sessionId, sourceLanguage, listened = [], joinCode }, languages) {
  const named = languages.map(({ code }) => /** @type {[string, string]} */ ([code, nativeName(languages, code)]));
  const first = listened.find((code) => code !== sourceLanguage && languages.some((each) => each.code === code));
  const language = select(named, first ?? sourceLanguage);
  const beside = select([["", "None"], ...named]);
  for (const each of [language, beside]) each.translate = false;
  const lines = select([["1", "1"], [LINES, LINES], ["3", "3"], ["4", "4"]], LINES);
  const background = select(BACKGROUNDS);
  const size = Object.assign(element("input"), { type: "number", min: SIZES.least, max: SIZES.most, value: SIZE });
  const shown = element("p", "address");
  shown.translate = false;
  const fields = element("div", "fields");
  fields.append(
    field("Language", language),
    field("Below it", beside),
    field("Lines", lines),
    field("Size in pixels", size),
    field("Background", background),
  );
  fields.addEventListener("input", show);
  show();

  function show() {
    const url = new URL(`s/${encodeURIComponent(sessionId)}/overlay`, root);
    const pixels = Math.min(SIZES.most, Math.max(SIZES.least, Math.round(Number(size.value) || Number(SIZE))));
    const wanted = {
      language: language.value,
      with: beside.value === language.value ? "" : beside.value,
      lines: lines.value === LINES ? "" : lines.value,
      size: String(pixels) === SIZE ? "" : String(pixels),
      background: background.value,
    };
    for (const [name, value] of Object.entries(wanted)) if (value) url.searchParams.set(name, value);
    // As in the listeners' link: browsers send a fragment to no server.
    if (joinCode) url.hash = `code=${encodeURIComponent(joinCode)}`;
    shown.textContent = url.href;
  }
  const hint = element("p", "hint", "Add this address to OBS or vMix as a browser source, or open it on the projector’s computer.");
  return part("The overlay’s address", fields, shown, copyButton("Copy address", () => shown.textContent ?? "", shown), hint);
}
