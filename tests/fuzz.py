"""`python -m tests.fuzz [--cases 100000]`: many cases of `test_fuzz.py`, in two processes.

One has the messages, the other everything else: half of the cases each. Ends with the number of
cases run and the seconds they took, and with exit code 1 if any failed.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
HALVES = ("test_a_message", "not test_a_message")


def main() -> int:
    """Runs both; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", type=int, default=100_000)
    cases = parser.parse_args().cases
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        reports = [Path(directory) / str(n) for n in range(len(HALVES))]
        halves = [
            subprocess.Popen(  # noqa: S603 - this project's own tests
                [sys.executable, "-m", "pytest", "-q", "-k", half, "tests/unit/test_fuzz.py"],
                cwd=PROJECT,
                env={**os.environ, "FUZZ_CASES": str(cases), "FUZZ_REPORT": str(report)},
            )
            for half, report in zip(HALVES, reports, strict=True)
        ]
        exit_codes = [half.wait() for half in halves]
        run = sum((Counter(json.loads(report.read_text())) for report in reports), Counter[str]())
    told = ", ".join(f"{number:,} {name}" for name, number in run.most_common())
    print(f"{run.total():,} cases in {time.monotonic() - begun:.0f} s: {told}")
    return int(any(exit_codes) or run.total() < 0.9 * cases)


if __name__ == "__main__":
    sys.exit(main())
