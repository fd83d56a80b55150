"""`chalice local` brings the whole stage up: Chalice serves HTTP, this starts the rest beside it.

`chalice local` knows no WebSockets and no streams, and offers no hook. But it imports `app.py`,
which calls `prepare` first. With autoreload, Chalice's default, that happens in a thread of a worker
process, anew after every change of a file.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from chalice.cli import local as local_command

from infra.local.environment import url
from infra.local.functions import PROJECT
from infra.local.processes import python

STOP_SECONDS: Final = 5.0
SERVING_SECONDS: Final = 30.0
WS_PORT: Final = 8001


@dataclass(frozen=True)
class LocalCommand:
    """What `chalice local` was asked for."""

    host: str
    port: int


def prepare() -> None:
    """Start the stage, unless the command is another one or the Chalice stage has its own tables.

    Where `.chalice/config.json` sets SESSIONS_TABLE_NAME, the recorded AWS resources are meant.
    Returns when the application may be imported; ends the process if the stage does not start.
    """
    command = local_options(sys.argv[1:])
    if command is None or "SESSIONS_TABLE_NAME" in os.environ:
        return
    # Chalice's file watcher would take compiled modules for a change, and restart everything.
    sys.dont_write_bytecode = True
    stage = _start()
    settings = stage.stdout.readline() if stage.stdout else ""
    if not settings:
        _give_up(stage.wait())
    os.environ.update(json.loads(settings))
    threading.Thread(target=_watch, args=(stage,), name="stage", daemon=True).start()
    threading.Thread(target=_announce, args=(command,), name="ready", daemon=True).start()
