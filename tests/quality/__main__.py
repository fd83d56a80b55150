"""`python -m tests.quality [SECTION ...]`: how good the words are, as tables.

Each section is a module here whose `main()` prints its table and returns 0 if its target is met.
"""

import argparse
import sys
from importlib import import_module

SECTIONS = ("tokens", "glossary")


def main() -> int:
    """Run the named sections, or all; 0 if each meets its target."""
    parser = argparse.ArgumentParser(prog="tests.quality", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(SECTIONS))
    sections = parser.parse_args().sections or SECTIONS
    if unknown := sorted(set(sections) - set(SECTIONS)):
        parser.error(f"no such section: {', '.join(unknown)}; there are {', '.join(SECTIONS)}")
    return max([_run(section) for section in sections])


def _run(section: str) -> int:
    print(f"\n{section}", flush=True)
    status: int = import_module(f"tests.quality.{section}").main()
    return status


if __name__ == "__main__":
    sys.exit(main())
