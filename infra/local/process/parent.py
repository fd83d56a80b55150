"""The end of a process with its parent, which the kernel reports even after a `kill -9`."""

from __future__ import annotations

import ctypes
import os
import signal
from typing import Final

_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h


def end_with_parent(parent: int) -> None:
    """Have the kernel send this process SIGTERM when its parent ends.

    To be called before the process says that it is ready: a parent that has ended by then ends this
    process, too. The stage runs on Linux alone; elsewhere there is no such call.
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(1)
