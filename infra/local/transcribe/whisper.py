"""Whisper by CTranslate2: what was said in some seconds of sound, and when each word was.

`faster_whisper`'s own `transcribe` pads every piece to 30 seconds: one second of sound costs 0.7 s
of a core then, and 0.06 s here, where the encoder sees the sound and a short silence behind it, in
one pass, greedily. Such short pieces lead the model to say everything twice. So it writes its
timestamp tokens, and what it puts behind the end of the sound is left out. The words' times come
from the alignment, in which such words take no time.

This module alone imports the recogniser's packages, in the worker's process.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Final

import ctranslate2
import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import get_compression_ratio, get_suppressed_tokens

from infra.local.transcribe.decoding import Decoded, Sound
from infra.local.transcribe.words import joined

RATE: Final = 16_000
_SILENCE_SECONDS: Final = 1.2
"""Behind the sound, at least. With 0.5 s one word in eight was wrong, with 2 s one in thirty.

The whole is a multiple of a second: the engine keeps something for each length that it has seen,
and 60 decodes of any length took 140 MB."""
_END_MARGIN_SECONDS: Final = 0.35
_STAMP_SECONDS: Final = 0.02
_TOKENS_A_SECOND: Final = 8
"""Nobody speaks faster; a decode that repeats itself ends there instead of after 448 tokens."""
_LEAST_TOKENS: Final = 12


class Whisper:
    """A loaded model."""

    def __init__(self, folder: Path, language: str = "en", threads: int = 1) -> None:
        """Load the weights (75 MB, about a second)."""
        self._model = WhisperModel(
            str(folder), device="cpu", compute_type="int8", cpu_threads=threads, num_workers=1
        )
        multilingual = self._model.model.is_multilingual
        self._tokenizer = Tokenizer(
            self._model.hf_tokenizer, multilingual, task="transcribe", language=language
        )
        self._suppressed = list(get_suppressed_tokens(self._tokenizer, [-1]))

    def decode(self, sound: Sound, beams: int = 1, prompt: str = "") -> Decoded:
        """The words of up to 30 seconds of sound (16 kHz, -1 to 1); times begin at its start."""
        whole = math.ceil(len(sound) / RATE + _SILENCE_SECONDS) * RATE
        padded = np.pad(sound, (0, whole - len(sound)))
        features = self._model.feature_extractor(padded)
        encoded = self._model.encode(features[:, : features.shape[1] // 2 * 2])
        seconds = len(sound) / RATE
        start = self._prompt(prompt)
        result = self._model.model.generate(
            encoded,
            [start],
            beam_size=beams,
            max_length=len(start) + _LEAST_TOKENS + int(seconds * _TOKENS_A_SECOND),
            return_scores=True,
            return_no_speech_prob=True,
            suppress_blank=True,
            suppress_tokens=self._suppressed,
            max_initial_timestamp_index=50,
        )[0]
        tokens = self._within(result.sequences_ids[0], seconds)
        text = self._tokenizer.decode(tokens)
        return Decoded(
            words=[
                word
                for word in joined(self._aligned(encoded, tokens, features.shape[1]))
                if word.start < seconds
            ],
            no_speech=result.no_speech_prob,
            logprob=result.scores[0] * len(tokens) / (len(tokens) + 1),
            compression=get_compression_ratio(text) if text else 0.0,
        )

    def _prompt(self, text: str) -> list[int]:
        former = (
            [self._tokenizer.sot_prev, *self._tokenizer.encode(" " + text.strip())[-100:]]
            if text
            else []
        )
        return [*former, *self._tokenizer.sot_sequence]

    def _within(self, tokens: list[int], seconds: float) -> list[int]:
        """The tokens of text, up to the timestamp of the sound's end."""
        text: list[int] = []
        for token in tokens:
            stamp = (token - self._tokenizer.timestamp_begin) * _STAMP_SECONDS
            if text and stamp >= seconds - _END_MARGIN_SECONDS:
                break
            if token < self._tokenizer.eot:
                text.append(token)
        return text

    def _aligned(
        self, encoded: ctranslate2.StorageView, tokens: list[int], frames: int
    ) -> list[tuple[str, float, float, float]]:
        if not tokens:
            return []
        (found,) = self._model.find_alignment(self._tokenizer, [tokens], encoded, frames)
        return [
            (each["word"], float(each["start"]), float(each["end"]), float(each["probability"]))
            for each in found
            if each["word"]
        ]
