/** What qr-code.js uses of speaker/lean-qr.js, for `make check` alone: browsers do not load this file. */
interface Code {
  readonly size: number;
  /** Whether a module is black; false outside of the code. */
  get(x: number, y: number): boolean;
}

export const correction: Readonly<Record<"min" | "L" | "M" | "Q" | "H" | "max", number>>;
export function generate(text: string, options: { minCorrectionLevel: number }): Code;
