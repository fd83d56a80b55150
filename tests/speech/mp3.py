"""Tones as mp3, as a voice's sounds come."""

import io

import av
import numpy as np


def mp3(seconds: float, hertz: float = 440.0, rate: int = 24_000) -> bytes:
    """A tone of so many seconds."""
    times = np.arange(round(seconds * rate)) / rate
    tone = (8_000 * np.sin(2 * np.pi * hertz * times)).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(tone.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = rate
    encoded = io.BytesIO()
    with av.open(encoded, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=rate, layout="mono")
        resampler = av.AudioResampler(format="s16p", layout="mono", rate=rate)
        for each in [*resampler.resample(frame), None]:
            container.mux(stream.encode(each))
    return encoded.getvalue()
