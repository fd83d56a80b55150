/**
 * The other end of deno.py: evaluates functions over the pages' modules. A line of JSON comes in,
 * `{"source", "args"}`, and a line goes out, `{"result"}` or `{"error"}`.
 */
const modules = Object.assign({}, ...(await Promise.all(Deno.args.map((url) => import(url)))));
/** @type {Map<string, Function>} */
const functions = new Map();
const encoder = new TextEncoder();

/** @param {string} line */
async function answer(line) {
  try {
    const { source, args } = JSON.parse(line);
    if (!functions.has(source)) functions.set(source, (0, eval)(`(${source})`));
    return { result: (await functions.get(source)?.(modules, ...args)) ?? null };
  } catch (error) {
    return { error: String(error instanceof Error ? error.stack : error) };
  }
}

let rest = "";
for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const lines = (rest + text).split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) {
    let bytes = encoder.encode(`${JSON.stringify(await answer(line))}\n`);
    while (bytes.length) bytes = bytes.subarray(await Deno.stdout.write(bytes));
  }
}
