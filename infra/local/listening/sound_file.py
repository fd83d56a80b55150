"""Decodes the sounds of a stage, and writes what was heard as one WAV file in real time's order."""

from __future__ import annotations

import io
import wave
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.filter import Graph
from numpy.typing import NDArray

from infra.local.listening.turns import Turn

RATE: Final = 24_000
"""Samples a second: Polly's own for neural voices' mp3. The file has one channel of 16 bits."""

Samples = NDArray[np.int16]


class UnreadableSound(Exception):
    """What came is not a sound."""


def decode(sound: bytes, speed: float = 1.0) -> Samples:
    """The samples of an mp3 (or of what else FFmpeg reads), faster by `speed` at the same pitch.

    Raises:
        UnreadableSound: it is broken, or holds no sound.
    """
    try:
        with av.open(io.BytesIO(sound), "r") as container:
            pieces = list(_decoded(container, speed))
    except (av.FFmpegError, IndexError) as error:
        raise UnreadableSound(f"a sound cannot be decoded: {error}") from None
    if not pieces:
        raise UnreadableSound("a sound is empty")
    return np.concatenate(pieces)


def _decoded(container: av.container.InputContainer, speed: float) -> list[Samples]:
    stream = container.streams.audio[0]
    graph = Graph()
    steps = [
        graph.add_abuffer(template=stream),
        *([graph.add("atempo", str(speed))] if speed != 1.0 else []),
        graph.add("aformat", f"sample_fmts=s16:sample_rates={RATE}:channel_layouts=mono"),
        graph.add("abuffersink"),
    ]
    for step, following in pairwise(steps):
        step.link_to(following)
    graph.configure()
    pieces: list[Samples] = []
    for frame in [*container.decode(stream), None]:
        graph.push(frame)
        pieces += _pulled(graph)
    return pieces


def _pulled(graph: Graph) -> list[Samples]:
    """All that the filters have ready."""
    pieces: list[Samples] = []
    while True:
        try:
            frame = graph.pull()
        except (av.BlockingIOError, av.EOFError):
            return pieces
        if isinstance(frame, av.AudioFrame):
            pieces.append(frame.to_ndarray().reshape(-1).astype(np.int16))


def write_wav(
    path: Path, turns: Sequence[Turn], sounds: Mapping[tuple[int, int], bytes], begun: float
) -> float:
    """Writes what is heard from `begun` on, silence between the sounds; returns its seconds.

    `sounds` are the encoded ones by their place. Nothing heard: an empty file that still is a WAV.
    """
    pieces: list[Samples] = []
    at = 0
    for turn in turns:
        samples = decode(sounds[turn.sound.place], turn.speed)
        start = max(at, round((turn.begins - begun) * RATE))
        pieces += [np.zeros(start - at, dtype=np.int16), samples]
        at = start + len(samples)
    # `wave` itself writes no header before the first frame, where nothing was heard.
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(b"".join(piece.astype("<i2").tobytes() for piece in pieces))
    return at / RATE
