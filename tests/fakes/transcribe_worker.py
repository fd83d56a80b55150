"""The recogniser's worker without a model: it counts the bytes of a stream; `die!` kills it."""

import json
import sys
from collections import Counter

from infra.local.transcribe.messages import HEADER, Kind, encoded


def main() -> None:
    """Answer until the input ends."""
    heard: Counter[int] = Counter()
    while head := sys.stdin.buffer.read(HEADER.size):
        kind, stream, length = HEADER.unpack(head)
        body = sys.stdin.buffer.read(length)
        if body == b"die!":
            sys.exit(3)
        if kind == Kind.AUDIO:
            heard[stream] += length
            _say(encoded(Kind.TAKEN, stream, str(length).encode()))
        if kind == Kind.END:
            _say(encoded(Kind.RESULT, stream, json.dumps({"heard": heard[stream]}).encode()))
            _say(encoded(Kind.DONE, stream))


def _say(message: bytes) -> None:
    sys.stdout.buffer.write(message)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
