"""How a command ends on Ctrl-C: with one line, and with 130, the exit code of SIGINT in a shell."""

import sys
from collections.abc import Callable
from typing import Final, NoReturn

INTERRUPTED: Final = 130


def run_command(name: str, main: Callable[[], int | None], left: str = "") -> NoReturn:
    """Runs a command as this process, and ends it with its exit code.

    `left` says in what state an interruption leaves things, where that is not plain.
    """
    try:
        code = main()
    except KeyboardInterrupt:
        print(f"{name}: interrupted{left and f'; {left}'}", file=sys.stderr)
        code = INTERRUPTED
    sys.exit(code)
