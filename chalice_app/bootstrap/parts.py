"""What every function is composed of, whatever it is for."""

from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property

from chalice_app.bootstrap.adapters import Adapters
from chalice_app.delivery.broadcast import Broadcast
from chalice_app.observability import logs
from chalice_app.sessions.capacity import Capacity
from chalice_app.sessions.closing import ConnectionCloser
from chalice_app.settings import Settings

LANGUAGE_THREADS = 64
"""Threads that translate, and threads that wait for translations and send: a sentence in 30
languages needs 30 of each."""

_THREADS = 32
"""Threads of each other pool, where a sentence needs one for some milliseconds: more than Lambda's
one invocation at a time has use for, and one for each of the local stage's."""


@dataclass(frozen=True)
class Parts:
    """Use cases, composed over some adapters; each is built when first asked for."""

    settings: Settings
    adapters: Adapters

    @cached_property
    def broadcast(self) -> Broadcast:
        """Fan-out."""
        return Broadcast(self.adapters.gateway, self.adapters.connections, self.adapters.clock)

    @cached_property
    def closer(self) -> ConnectionCloser:
        """Connections that are closed from this side."""
        return ConnectionCloser(self.broadcast, self.settings.posts_per_second)

    @cached_property
    def capacity(self) -> Capacity:
        """How many listeners a session admits."""
        return Capacity(self.settings.limits.max_listeners)

    def _executor(self, name: str, threads: int = _THREADS) -> Executor:
        return logs.ContextThreads(threads, thread_name_prefix=name)
