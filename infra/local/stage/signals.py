"""The stage's signals, waited for instead of handled: nothing is ever interrupted half-way."""

from __future__ import annotations

import signal
from typing import Final

_ENDING: Final = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})


class Interrupted(Exception):
    """A signal asked for the end."""


def block() -> None:
    """From now on signals wait for `wait` or `pause`. For the main thread, before any other."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _watched())


def wait() -> None:
    """Sleep until a child ends.

    Raises:
        Interrupted: a signal asked for the end.
    """
    _interpret(signal.sigwait(_watched()))


def pause(seconds: float) -> None:
    """Sleep until a child ends, at most so long.

    Raises:
        Interrupted: a signal asked for the end.
    """
    arrived = signal.sigtimedwait(_watched(), seconds)
    if arrived is not None:
        _interpret(arrived.si_signo)


def _interpret(number: int) -> None:
    if number in _ENDING:
        raise Interrupted(signal.Signals(number).name)


def _watched() -> frozenset[signal.Signals]:
    # `nohup` has SIGHUP ignored; to wait for it would be to take it seriously again.
    ignored = {signal.SIGHUP} if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else set()
    return (_ENDING | {signal.SIGCHLD}) - ignored
