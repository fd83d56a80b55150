"""Makes a recording to try: `.venv/bin/python -m tests.speech talk.wav talk.txt [--noise 15]`."""

import argparse
from pathlib import Path

from tests.speech.recording import TALK, pink_noise, record, turns_of


def main() -> None:
    """Writes the sound and what is said in it."""
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("sound", type=Path)
    parser.add_argument("text", type=Path)
    parser.add_argument(
        "--of", type=Path, default=TALK, help="a sentence a line, a turn a paragraph"
    )
    parser.add_argument("--noise", type=float, metavar="DECIBELS", help="so far below the speech")
    options = parser.parse_args()
    recording = record(turns_of(options.of))
    if options.noise is not None:
        recording = recording.with_noise(pink_noise, options.noise)
    recording.save(options.sound)
    options.text.write_text(recording.text + "\n", encoding="utf-8")
    print(f"{options.sound}: {recording.seconds:.0f} s, {len(recording.sentences)} sentences")


if __name__ == "__main__":
    main()
