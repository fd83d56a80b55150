"""What a process does before it stops."""

import signal
import threading
from collections.abc import Callable
from types import FrameType

GRACE_SECONDS = 0.4
"""Lambda kills what has not ended half a second after SIGTERM, which it sends to functions that
have an extension. Source:
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-shutdown
"""


def before_stop(action: Callable[[], None], grace_seconds: float = GRACE_SECONDS) -> None:
    """Has the action done when SIGTERM comes, and the process end then as it would have.

    Where somebody else handles the signal, or this is not the main thread (which alone may), that
    one has to do it: nothing is changed.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        return

    def stop(number: int, _: FrameType | None) -> None:
        # In another thread: locks that this thread holds are released only after the signal.
        thread = threading.Thread(target=action, name="before stop", daemon=True)
        thread.start()
        thread.join(grace_seconds)
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)

    signal.signal(signal.SIGTERM, stop)
