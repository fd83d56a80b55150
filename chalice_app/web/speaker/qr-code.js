/** A link as a QR code that scales to any size. */
// @ts-types="../lean-qr.d.ts"
import { correction, generate } from "./lean-qr.js";

const SVG = "http://www.w3.org/2000/svg";
/** The margin that the standard asks for (ISO/IEC 18004), in modules. */
const QUIET_ZONE = 4;

/**
 * Black on white in every theme, because cameras expect that.
 * @param {string} text
 */
export function qrCode(text) {
  const code = generate(text, { minCorrectionLevel: correction.M });
  const runs = [];
  for (let y = 0; y < code.size; y += 1) {
    for (let x = 0; x < code.size; x += 1) {
      if (!code.get(x, y)) continue;
      let end = x;
      while (code.get(end + 1, y)) end += 1;
      runs.push(`M${x} ${y}h${end - x + 1}v1h${x - end - 1}z`);
      x = end;
    }
  }
  const svg = document.createElementNS(SVG, "svg");
  const side = code.size + 2 * QUIET_ZONE;
  svg.setAttribute("viewBox", `${-QUIET_ZONE} ${-QUIET_ZONE} ${side} ${side}`);
  svg.setAttribute("shape-rendering", "crispEdges");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", runs.join(""));
  svg.append(path);
  return svg;
}
