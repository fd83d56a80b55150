"""What runs in threads elsewhere, in the one thread that a run has."""

import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import ExitStack, contextmanager
from itertools import count
from typing import Any, ParamSpec, TypeVar
from unittest.mock import patch

from chalice_app.aws.dynamodb import connections, rosters
from chalice_app.rosters import notifier
from tests.fakes.threads import SameThread

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")


class Threads(SameThread):
    """In place of `ContextThreads`, by whatever arguments."""

    def __init__(self, *_: object, **__: object) -> None:
        super().__init__()


class _Late(Future[_Result]):
    """A call that is made when somebody asks for its result, or never."""

    def __init__(self, call: Callable[[], _Result]) -> None:
        super().__init__()
        self._call = call

    def result(self, timeout: float | None = None) -> _Result:
        """What the call returns or raises; it is made once."""
        if not self.done():
            try:
                self.set_result(self._call())
            except Exception as failure:  # noqa: BLE001 - as an executor does
                self.set_exception(failure)
        return super().result(timeout)


class LateThread(Executor):
    """Runs each call as late as a thread may: when its result is waited for."""

    def submit(
        self,
        call: Callable[_Parameters, _Result],
        /,
        *args: _Parameters.args,
        **kwargs: _Parameters.kwargs,
    ) -> Future[_Result]:
        """A future that has not begun."""
        return _Late(lambda: call(*args, **kwargs))


@contextmanager
def one_thread() -> Iterator[None]:
    """The adapters' own pools run in the caller's thread, and random names are the same each run.

    A greenlet cannot be switched from another thread's, and starting threads would take longer than
    all the rest of a run.
    """
    names = count()

    def numbered(_: Any = None) -> str:
        return f"{next(names):016x}"

    with ExitStack() as stack:
        for module in (connections, rosters, notifier):
            stack.enter_context(patch.object(module, "ContextThreads", Threads))
        stack.enter_context(patch.object(secrets, "token_hex", numbered))
        yield
