"""A dictated talk for `box.py`: a recording plays, the page's own modules hear it, all read it.

Some of the phones also hear voices, and fetch their sounds as pages do.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from time import monotonic

from infra.local.dictation.dictated_talk import DictatedTalk
from infra.local.dictation.page_recogniser import permitted_recogniser
from infra.local.dictation.talk_record import ReadCaption, TalkRecord
from infra.local.stage_client import Api
from tests.benchmarks.box_hall import Box, Hall, hall
from tests.benchmarks.box_talk import JOIN_SECONDS
from tests.benchmarks.hall_phones import all_in
from tests.benchmarks.results import Figure, percentile
from tests.integration.client import Message, connect
from tests.speech.recording import Recording, record, turns_of
from tests.speech.truth import caption_latencies

SOURCE = "en"
SCREENS = 1
CAPTION_SECONDS = 4.0
HEAR_OUT_SECONDS = 10.0
"""So long the last captions and sounds are waited for."""
SCAN_SECONDS = 10.0


async def dictated(
    box: Box, languages: Sequence[str], phones: int, voices: int, seconds: float
) -> AsyncIterator[Figure]:
    """From a sentence's sound to every phone's caption, beside voices."""
    opening = record([turns_of()[0][:2]])
    async with hall(box, languages, 2 * len(languages), len(languages)) as first:
        await _dictate(first, opening)  # loads recogniser, engines and voices
    recording = await asyncio.to_thread(record, turns_of(), until=seconds)
    async with hall(box, languages, phones, voices) as here:
        out = await _gather(here)
        yield Figure("box: dictation: phones not in", out, "phones", 0)
        happened = await _dictate(here, recording)
        for figure in _caption_figures(here, recording, happened):
            yield figure
        for figure in _sound_figures(here, len(happened.said)):
            yield figure


async def _gather(here: Hall) -> int:
    await here.arrive(SCAN_SECONDS)
    return await all_in([guest.phone for guest in here.guests], JOIN_SECONDS)


async def _dictate(here: Hall, recording: Recording) -> TalkRecord:
    """Plays the recording; at its end the session is over."""
    if not here.all_in:
        await _gather(here)
    happened = TalkRecord()

    def note(message: Message, _: str) -> None:
        if message["type"] == "caption":
            happened.captions.append(
                ReadCaption(message["sequence"], message["language"], message["text"], monotonic())
            )

    here.note = note
    session = here.at.session
    api = Api(here.box.at_home.http)
    named = {"sessionId": session.session_id, "speakerToken": session.token}
    speaker = await connect(session.address(token=session.token))
    # The screen above the stage: it shows what is said in the speaker's own language.
    screen = await connect(session.address(targetLanguage=SOURCE))
    async with speaker.socket, screen.socket, permitted_recogniser(api, named) as recogniser:
        talk = DictatedTalk(
            speaker.socket,
            [(SOURCE, screen.socket)],
            happened,
            hear_out=lambda said: _hear_out(here, said),
        )
        await talk.run(recogniser, recording.pcm())
    return happened


async def _hear_out(here: Hall, said: int) -> None:
    """Until all captions and sounds have come, or have not for too long."""
    end = monotonic() + HEAR_OUT_SECONDS
    while monotonic() < end:
        unread = any(len(here.heard(number)) < len(here.guests) for number in range(1, said + 1))
        if not unread and not here.unheard(said):
            return
        await asyncio.sleep(0.05)


def _caption_figures(here: Hall, recording: Recording, happened: TalkRecord) -> Iterator[Figure]:
    about = f"box: dictation, {len(here.guests)} phones, {here.voices} voices"
    found = caption_latencies(recording.sentences, happened, SOURCE)
    everything = [seconds for values in found.values() for seconds in values]
    yield Figure(f"{about}: sentences heard", len(happened.said), "sentences")
    yield Figure(f"{about}: sound's end to the caption, p50", percentile(everything, 0.5), "s")
    yield Figure(
        f"{about}: sound's end to the caption, p95",
        percentile(everything, 0.95),
        "s",
        CAPTION_SECONDS,
    )
    slowest = max(percentile(values, 0.95) for values in found.values())
    yield Figure(f"{about}: the same, slowest language", slowest, "s", CAPTION_SECONDS)
    readers = len(here.guests) + SCREENS
    missing = readers * len(happened.said) - len(happened.captions)
    yield Figure(f"{about}: captions missing", missing, "captions", 0)


def _sound_figures(here: Hall, said: int) -> Iterator[Figure]:
    about = f"box: dictation, {here.voices} voices"
    yield Figure(f"{about}: sounds missing", here.unheard(said), "sounds", 0)
    note = "; ".join(f"{count} x {why}" for why, count in here.sounds_failed.most_common(2))
    failed = here.sounds_failed.total()
    yield Figure(f"{about}: sounds that a phone could not fetch", failed, "sounds", 0, note=note)
    if here.sound_seconds:
        for share in (0.5, 0.95):
            name = f"{about}: caption to its sound on the phone, p{share * 100:.0f}"
            yield Figure(name, percentile(here.sound_seconds, share), "s")
