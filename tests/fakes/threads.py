"""An executor without threads: what a test submits is done when `submit` returns."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, ParamSpec, TypeVar

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")


class SameThread(Executor):
    """Runs each call in the caller's thread, in the order of the calls."""

    def submit(
        self,
        call: Callable[_Parameters, _Result],
        /,
        *args: _Parameters.args,
        **kwargs: _Parameters.kwargs,
    ) -> Future[_Result]:
        done: Future[Any] = Future()
        try:
            done.set_result(call(*args, **kwargs))
        except Exception as failure:  # noqa: BLE001 - as an executor does: its caller sees it
            done.set_exception(failure)
        return done
