"""A voice's worker without an engine: the sound of a text is its mp3-like first byte and itself.

`die!` kills it, `die once FILE` kills it the first time, `hang` never answers, `junk` answers no
sound, `huge` says that 4 GB follow, `cannot` is refused, `slow` waits for a file to be there.
"""

import sys
import time
from pathlib import Path

from infra.local.polly.worker_messages import ANSWER, LENGTH, answer, question


def main() -> None:
    """Answer until the input ends."""
    while head := sys.stdin.buffer.read(LENGTH.size):
        text = question(sys.stdin.buffer.read(*LENGTH.unpack(head))).text
        _obey(text)
        if text == "cannot":
            _say(answer(well=False, body=b"no such sound"))
        elif text == "junk":
            _say(answer(well=True, body=b"junk"))
        elif text == "huge":
            _say(ANSWER.pack(True, 2**32 - 1))
        else:
            _say(answer(well=True, body=b"\xff" + text.encode()))


def _obey(text: str) -> None:
    what, _, file = text.rpartition(" ")
    if text == "die!":
        sys.exit(3)
    if what == "die once" and not Path(file).exists():
        Path(file).touch()
        sys.exit(3)
    while text == "hang" or (what == "slow" and not Path(file).exists()):
        time.sleep(0.01)


def _say(message: bytes) -> None:
    sys.stdout.buffer.write(message)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
