"""The pages: `pages` serves the files beside it, which browsers load without a build step.

Each page has a folder (`listener`, `speaker`, `operator`), and `shared` has what several use. Each
folder's module to read first says START HERE. `deno.json` and `*.d.ts` are for `make check`.
"""
