"""Work shared: targets that pass through the same language need its translation only once.

A sentence for six languages arrives as six simultaneous requests; five of them start with the same
step into Portuguese, four go on through Spanish.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future

DEFAULT_SIZE = 256  # sentences: a few minutes of speech, well under 1 MB


class Memo:
    """A function of a text that remembers its last answers and computes each one once.

    Threads that ask for an answer in the making wait for it. Failures are raised in all threads
    that wait and then forgotten.
    """

    def __init__(self, function: Callable[[str], str], size: int = DEFAULT_SIZE) -> None:
        self._function = function
        self._size = size
        self._lock = threading.Lock()
        self._answers: OrderedDict[str, Future[str]] = OrderedDict()

    def __call__(self, text: str) -> str:
        """The function's answer, or its failure."""
        with self._lock:
            answer = self._answers.get(text)
            mine = answer is None
            if answer is None:
                answer = self._answers[text] = Future()
            self._answers.move_to_end(text)
        if mine:
            self._compute(text, answer)
        return answer.result()

    def _compute(self, text: str, answer: Future[str]) -> None:
        try:
            answer.set_result(self._function(text))
        except BaseException as error:
            answer.set_exception(error)
            with self._lock:
                self._answers.pop(text, None)
            raise
        with self._lock:
            while len(self._answers) > self._size:
                self._answers.popitem(last=False)
