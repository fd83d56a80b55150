"""The clip that keeps screens on is what browsers' engines ask for, and small."""

import base64
import io
import re

import av
import numpy as np
import pytest

from infra import silent_clip


def committed() -> bytes:
    """The clip that the pages have."""
    lines = re.findall(r'^  "([\w+/=]+)",$', silent_clip.PAGES_MODULE.read_text("utf-8"), re.M)
    return base64.b64decode("".join(lines))


@pytest.mark.parametrize("content", [committed(), silent_clip.clip()], ids=["committed", "made"])
def test_it_has_a_picture_and_a_sound_of_the_simplest_kind(content: bytes) -> None:
    with av.open(io.BytesIO(content), "r") as container:
        picture, sound = container.streams.video[0], container.streams.audio[0]
        kinds = [(each.codec.name, each.codec_context.profile) for each in (picture, sound)]
        assert kinds == [("h264", "Constrained Baseline"), ("aac", "LC")]
        assert picture.width == picture.height == silent_clip.SIDE
        # From 5 s on Chromium shows the controls of a player.
        assert silent_clip.SECONDS <= (container.duration or 0) / av.time_base < 5
        frames = list(container.decode(picture))
    assert len(frames) == silent_clip.SECONDS * silent_clip.FRAMES_PER_SECOND


def test_it_is_silent_and_small() -> None:
    with av.open(io.BytesIO(committed()), "r") as container:
        sounds = [each.to_ndarray() for each in container.decode(container.streams.audio[0])]
    assert sounds
    assert not any(np.any(each) for each in sounds)
    assert silent_clip.PAGES_MODULE.stat().st_size < 4_096


def test_the_pages_module_is_the_generators() -> None:
    module = silent_clip.PAGES_MODULE.read_text("utf-8")
    assert module == silent_clip.module(committed()), "run python -m infra.silent_clip"
