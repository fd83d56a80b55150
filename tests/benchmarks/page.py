"""How fast the listener's page is, in a real browser: `python -m tests.benchmarks.page`.

Prints, beside what the project promises: from the receipt of a caption to its being painted; what
one more caption costs with 2,000 on the page; until the page can be used, on the real stage; and
how much the pages transfer.
"""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median, quantiles

from playwright.sync_api import Browser, Page

from infra.chromium import chromium, find_chromium
from tests.benchmarks.results import Figure, report
from tests.browser.stub_stage import StubStage
from tests.integration.client import Stage, running_stage

CAPTIONS = 30
HISTORY = 2_000
VISITS = 10

# From the event that brings a caption to the first task after the frame that shows it.
STAMPS = """
  window.painted = [];
  const Plain = WebSocket;
  window.WebSocket = class extends Plain {
    constructor(address) {
      super(address);
      this.addEventListener("message", ({ data }) => {
        if (JSON.parse(data).type !== "caption") return;
        const received = performance.now();
        requestAnimationFrame(() => {
          const channel = new MessageChannel();
          channel.port1.onmessage = () => window.painted.push(performance.now() - received);
          channel.port2.postMessage("");
        });
      });
    }
  };
"""

# From a caption's arrival to the first task after the frame that shows it.
GROW = """async (count) => {
  const { CaptionList } = await import("/web/caption-list.js");
  const viewport = document.getElementById("viewport");
  const list = document.getElementById("captions");
  const captions = new CaptionList(viewport, list, () => "ltr", () => {});
  const text = "Hace ochenta y siete años nuestros padres crearon en este continente una nación. ";
  const times = [];
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  for (let sequence = 1; sequence <= count; sequence += 1) {
    const timed = sequence > count - 100;
    if (timed) await frame();
    // What came before is laid out in the first frame, and is nobody's cost.
    if (sequence === count - 99) await frame();
    const begun = performance.now();
    captions.add({ sequence, language: "es", text: text.repeat(1 + sequence % 3) }, "", true);
    if (!timed) continue;
    await frame();
    await new Promise((done) => {
      const channel = new MessageChannel();
      channel.port1.onmessage = done;
      channel.port2.postMessage("");
    });
    times.push(performance.now() - begun);
  }
  return times;
}"""

# Scrolls through the whole history, a screen a frame; the frames' lengths.
SCROLL = """async () => {
  const viewport = document.getElementById("viewport");
  const frames = [];
  let last = await new Promise(requestAnimationFrame);
  for (let step = 0; step < 120; step += 1) {
    viewport.scrollTop -= viewport.clientHeight * 0.8;
    const now = await new Promise(requestAnimationFrame);
    frames.push(now - last);
    last = now;
  }
  return frames;
}"""


def main() -> int:
    """Measures and prints; 1 without a browser."""
    path = find_chromium()
    if path is None:
        print("no browser is installed", file=sys.stderr)
        return 1
    with chromium(path) as browser:
        with StubStage().running() as stub:
            _print_paint(browser, stub)
        with StubStage().running() as stub:
            _print_history(browser, stub)
        with tempfile.TemporaryDirectory() as directory:
            log = Path(directory) / "stage.log"
            with running_stage(log, "--data-dir", directory) as stage:
                _print_visits(browser, stage)
    return 0


def _open(browser: Browser, address: str, script: str = "") -> Page:
    page = browser.new_context(locale="es", viewport={"width": 390, "height": 780}).new_page()
    if script:
        page.add_init_script(script)
    page.goto(address)
    return page


def _print_paint(browser: Browser, stub: StubStage) -> None:
    firsts: list[float] = []
    later: list[float] = []
    for _ in range(VISITS):
        page = _open(browser, stub.listener_page, STAMPS)
        page.locator("#state[data-state=live]").wait_for()
        for sequence in range(1, CAPTIONS + 1):
            stub.caption(sequence, f"Hace ochenta y siete años, frase {sequence}")
            page.locator(".caption").nth(sequence - 1).wait_for()
        first, *others = page.evaluate("painted")
        firsts.append(first)
        later += others
        page.context.close()
    _print_times("a page's first caption painted after its receipt", firsts, 150)
    _print_times("each later one", later, 150)


def _print_history(browser: Browser, stub: StubStage) -> None:
    page = _open(browser, stub.listener_page)
    stub.listener()
    times = page.evaluate(GROW, HISTORY)
    _print_times(f"one more caption with {HISTORY} above it, to paint", times, 50)
    _print_times(f"scrolling through {HISTORY} captions, a frame", page.evaluate(SCROLL), 50)
    page.context.close()


def _print_visits(browser: Browser, stage: Stage) -> None:
    session = stage.open_session("en")
    address = f"{stage.http}/s/{session.session_id}"
    ready, joined, sizes = [], [], []
    for _ in range(VISITS):
        page = _open(browser, address, READY)
        page.locator("#state[data-state=live]").wait_for()
        ready.append(page.evaluate("usable"))
        joined.append(page.evaluate("performance.now()"))
        sizes.append(_transferred(page))
        page.context.close()
    _print_times("a listener's page can be used", ready, 1_000)
    _print_times("a listener's page is live", joined, None)
    speaker = _open(browser, stage.http)
    speaker.locator("#open-button:enabled").wait_for()
    for name, size in (("listener", sizes[-1]), ("speaker", _transferred(speaker))):
        requests, transferred = size
        of = f"in {requests} requests"
        report([Figure(f"page: a {name}'s, transferred", transferred / 1024, "KB", 150, note=of)])
    speaker.context.close()


# Its languages are there to be chosen, and its buttons do something.
READY = """
  new MutationObserver((_, observer) => {
    if (!document.querySelector("#language option")) return;
    observer.disconnect();
    window.usable = performance.now();
  }).observe(document, { childList: true, subtree: true });
"""


def _transferred(page: Page) -> tuple[int, int]:
    """Requests, and bytes with their headers; nothing is compressed on the local stage."""
    entries = page.evaluate(
        """() => ["navigation", "resource"]
            .flatMap((kind) => performance.getEntriesByType(kind))
            .map((entry) => entry.transferSize)"""
    )
    return len(entries), sum(entries)


def _print_times(what: str, times: Sequence[float], promised: int | None) -> None:
    p95 = quantiles(times, n=20, method="inclusive")[-1]
    spread = f"(p95 {p95:.0f}, worst {max(times):.0f})"
    report([Figure(f"page: {what}", median(times), "ms", promised, note=spread)])


if __name__ == "__main__":
    sys.exit(main())
