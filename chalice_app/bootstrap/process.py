"""What this process is composed of: built when first asked for, and written out at its end."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TypeVar

from chalice_app.bootstrap.adapters import Adapters, aws_adapters
from chalice_app.bootstrap.parts import Parts
from chalice_app.observability import logs
from chalice_app.observability.stopping import before_stop
from chalice_app.settings import Settings

SomeParts = TypeVar("SomeParts", bound=Parts)

_current: list[Parts] = []
_composing = Lock()


def current(kind: type[SomeParts]) -> SomeParts:
    """The parts of this process, composed from the environment when first asked for.

    One process may ask for several kinds, as the local stage's does; they share their adapters.

    Raises:
        ConfigurationError: a setting is missing.
    """
    with _composing:
        for parts in reversed(_current):
            if isinstance(parts, kind):
                return parts
        parts = kind(*_settings_and_adapters())
        _current.append(parts)
        return parts


def _settings_and_adapters() -> tuple[Settings, Adapters]:
    if _current:
        return _current[-1].settings, _current[-1].adapters
    logs.install()
    settings = Settings.from_env()
    adapters = aws_adapters(settings)
    before_stop(close)
    return settings, adapters


def close() -> None:
    """Writes what this process only has in memory: the last thing it does, and it may be too late.

    Never raises; a process that stops without it has lost two minutes of statistics.
    """
    for parts in tuple(_current):
        if (hit_buffer := vars(parts).get("hit_buffer")) is not None:
            hit_buffer.flush()
        if (refusals := vars(parts).get("refusals")) is not None:
            refusals.flush()


@contextmanager
def composed(parts: SomeParts) -> Iterator[SomeParts]:
    """Makes the handlers use these parts for a while: how fakes enter."""
    _current.append(parts)
    try:
        yield parts
    finally:
        _current.remove(parts)
