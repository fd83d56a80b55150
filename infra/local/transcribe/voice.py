"""Silero's voice detector, which `faster_whisper` ships, window by window.

Its own function looks at a whole recording. This one keeps the model's state between windows.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from faster_whisper.vad import get_vad_model

from infra.local.transcribe.decoding import Sound

_CONTEXT: Final = 64
"""Samples of the window before that the model sees, too."""


class SileroVoice:
    """The detector of one stream; the model's weights are shared."""

    def __init__(self) -> None:
        """No sound was seen yet."""
        self._session: Any = get_vad_model().session
        self._h = np.zeros((1, 1, 128), np.float32)
        self._c = np.zeros((1, 1, 128), np.float32)
        self._context = np.zeros(_CONTEXT, np.float32)

    def probability(self, window: Sound) -> float:
        """How likely 512 samples hold a voice, from 0 to 1; takes 0.3 ms."""
        seen = np.concatenate([self._context, window])[np.newaxis, :]
        output, self._h, self._c = self._session.run(
            None, {"input": seen, "h": self._h, "c": self._c}
        )
        self._context = window[-_CONTEXT:]
        return float(np.ravel(output)[0])
