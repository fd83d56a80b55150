"""How fast the event report is: `python -m tests.benchmarks.report`.

On the real stage, of a talk of two hours in six languages before 10,000 listeners, whose kept rows
are written straight into the table. Prints, beside what the project promises: until the report is
served as JSON and as CSV, and how large it is; and in a real browser, from the navigation of a
speaker who has the token until figures, charts and table are painted.
"""

import json
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from boto3.dynamodb.types import TypeSerializer
from playwright.sync_api import Browser

from chalice_app.aws.dynamodb.report_json import packed_reports
from infra.chromium import chromium, find_chromium
from tests.benchmarks.results import Figure, report
from tests.browser.stub_report import SHARES, talk_sentences
from tests.integration.client import Answer, Session, Stage, loopback_client, running_stage

SENTENCES, LISTENERS, VISITS = 1_440, 10_000, 10
LARGEST_MB = 6.0
"""What a function may answer: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

_MOST_AT_ONCE = 25

PAINTED = """
  localStorage.setItem("speaker", %s);
  window.painted = new Promise((painted) => new MutationObserver((_, observer) => {
    const drawn = ["#figures dd", "#timelines path", "#by-language tr", "#sentences tr"];
    if (!drawn.every((each) => document.querySelector(each))) return;
    observer.disconnect();
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => painted(performance.now());
      channel.port2.postMessage("");
    });
  }).observe(document, { childList: true, subtree: true }));
"""
"""Notes when the first task after the frame that shows charts and table has come."""


def main() -> int:
    """Measures and prints; 1 without a browser."""
    path = find_chromium()
    if path is None:
        print("no browser is installed", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory) / "stage.log"
        with running_stage(log, "--data-dir", directory) as stage, chromium(path) as browser:
            session = stage.open_session()
            _write_talk(stage, session)
            _print_served(stage, session)
            _print_painted(browser, stage, session)
    return 0


def _write_talk(stage: Stage, session: Session) -> None:
    created_at = stage.state(session)["createdAt"]
    key = f"{session.session_id}#{created_at}"
    table = stage.setting("SENTENCES_TABLE_NAME")
    with loopback_client("dynamodb", stage.dynamodb) as client:
        rows = list(_rows(key, created_at))
        for first in range(0, len(rows), _MOST_AT_ONCE):
            client.batch_write_item(RequestItems={table: rows[first : first + _MOST_AT_ONCE]})


def _rows(key: str, begun_at: int) -> Iterator[dict[str, Any]]:
    """Rows as `chalice_app.aws.dynamodb.sentences` writes them."""
    serialize = TypeSerializer().serialize
    for number, kept in enumerate(talk_sentences(SENTENCES, LISTENERS, SHARES), 1):
        row = {
            "sessionKey": key,
            "sequence": kept.sentence.sequence,
            "claim": f"{number:016x}",
            "settled": True,
            "spokenAt": begun_at + number * 5_000,
            "sourceLanguage": "en",
            "text": kept.sentence.text,
            "captions": zlib.compress(
                json.dumps(dict.fromkeys(SHARES, kept.sentence.text)).encode()
            ),
            "delivery": packed_reports(kept.reports or {}),
            "expiresAt": begun_at // 1000 + 86_400,
        }
        item = {name: serialize(value) for name, value in row.items()}
        yield {"PutRequest": {"Item": item}}


def _print_served(stage: Stage, session: Session) -> None:
    bearer = {"Authorization": f"Bearer {session.token}"}
    for form in ("json", "csv"):
        times: list[float] = []
        answers: list[Answer] = []
        for _ in range(VISITS):
            begun = time.perf_counter()
            path = f"/sessions/{session.session_id}/report?format={form}"
            answers.append(stage.request("GET", path, headers=bearer))
            times.append((time.perf_counter() - begun) * 1000)
        assert all(each.status == 200 for each in answers), answers[0]
        # A proxied answer is a string in JSON.
        size = len(json.dumps(answers[-1].body.decode())) / 1_000_000
        served = Figure(f"report: {form}, served", median(times), "ms", 1_000, note=_worst(times))
        report([served, Figure(f"report: {form}, as Lambda answers it", size, "MB", LARGEST_MB)])


def _print_painted(browser: Browser, stage: Stage, session: Session) -> None:
    held = {"sessionId": session.session_id, "speakerToken": session.token}
    script = PAINTED % json.dumps(json.dumps(held))
    times: list[float] = []
    for _ in range(VISITS):
        page = browser.new_context(locale="en").new_page()
        page.add_init_script(f"if (location.protocol === 'http:') {{ {script} }}")
        page.goto(f"{stage.http}/s/{session.session_id}/report")
        times.append(page.evaluate("painted"))
        page.context.close()
    report([Figure("report: its page can be used", median(times), "ms", 1_000, note=_worst(times))])


def _worst(times: list[float]) -> str:
    return f"(worst {max(times):.0f})"


if __name__ == "__main__":
    sys.exit(main())
