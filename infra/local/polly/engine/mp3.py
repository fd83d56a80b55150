"""Samples as an mp3 of a constant bit rate, as Polly makes them, by the LAME that PyAV carries."""

from __future__ import annotations

import io
from typing import Final

import av
import numpy as np
from numpy.typing import NDArray

BITS_PER_SECOND: Final = 48_000
# No ID3 tag and no Xing frame: what is a frame is sound, and a frame's length is the whole's.
_BARE: Final = {"id3v2_version": "0", "write_xing": "0"}
# Of 0 (best) to 9: 0.04 s for 7 s of speech instead of 0.065 s, and heard as well.
_ENCODER: Final = {"compression_level": "7"}


def as_mp3(samples: NDArray[np.int16], rate: int) -> bytes:
    """Mono, 48 kbit/s."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp3", options=_BARE) as container:
        stream = container.add_stream("libmp3lame", rate=rate, layout="mono", options=_ENCODER)
        stream.bit_rate = BITS_PER_SECOND
        frame = av.AudioFrame.from_ndarray(samples[None, :], format="s16p", layout="mono")
        frame.sample_rate = rate
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()
