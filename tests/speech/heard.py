"""What an offline recogniser hears of a sound: the measure of a voice.

There are weights for English alone in the lock (Whisper's tiny.en).
"""

import io
from functools import cache

import numpy as np
from faster_whisper import WhisperModel, decode_audio
from numpy.typing import NDArray

from infra.local.dictation.spoken_words import spoken_words
from infra.local.dictation.word_errors import WordErrors, count_errors
from infra.local.transcribe.models import model_folder

LANGUAGES = ("en",)
"""Those that can be heard."""


@cache
def _model(language: str) -> WhisperModel:
    folder = model_folder(language)
    assert folder is not None, f"no recogniser for {language} is installed"
    return WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1)


def heard(sound: bytes, language: str = "en") -> str:
    """The words of an mp3, or any other file with sound."""
    samples: NDArray[np.float32] = decode_audio(io.BytesIO(sound))
    segments, _ = _model(language).transcribe(
        samples, language=language, beam_size=5, condition_on_previous_text=False
    )
    return " ".join(segment.text.strip() for segment in segments)


def word_errors(said: str, sound: bytes, language: str = "en") -> WordErrors:
    """How much of what was said is heard otherwise."""
    return count_errors(
        spoken_words(said, language), spoken_words(heard(sound, language), language)
    )
