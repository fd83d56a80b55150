"""A talk while what voices need is slow, throttled, failing or cut off: every caption comes.

A voice may be missing then, and its speaker is told; none comes twice, and each comes after its
caption. When the service works again, so does the voice.
"""

import asyncio
from collections.abc import Iterator

import pytest

from tests.integration.client import PATIENCE, Client, Stage, Talk, talk
from tests.integration.faulty import KINDS, VOICE_SERVICES, Faults
from tests.integration.faulty_stage import faulty_stage

SENTENCES = 4
TRIES = 30
RATES = {"polly": 0.6, "sounds": 0.4}


@pytest.fixture(scope="module")
def disturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stage, Faults]]:
    """A stage with forwarders."""
    log = tmp_path_factory.mktemp("voice-faults") / "stderr.log"
    with faulty_stage(log, seed=1) as (stage, faults):
        spoken = stage.request("GET", "/languages").json["languages"]
        if not any(each["code"] == "en" and "voice" in each for each in spoken):
            pytest.skip("nothing speaks here")
        yield stage, faults
        faults.stop()
    assert "ended with exit code" not in log.read_text(), "a process died"


async def heard_again(at: Talk, speaker: Client, listener: Client) -> None:
    """Speaks until a sentence is heard: a first voice has to be loaded."""
    text = f"This is sentence {at.sequence + 1} of {at.session.session_id}."
    await at.say_aloud(speaker, listener, text)


def captions_from(first: int, last: int) -> list[int]:
    """The sequences from one to another."""
    return list(range(first, last + 1))


async def told_of(sequences: list[int], speaker: Client, listener: Client) -> set[int]:
    """Which of them the speaker is told of, once each of them is heard or told: none is lost."""
    while True:
        await asyncio.gather(speaker.settle(), listener.settle())
        heard = {each["sequence"] for each in listener.of("speech")}
        told = {each["sequence"] for each in speaker.of("speechFailed")}
        if heard | told >= set(sequences):
            return told
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("service", VOICE_SERVICES)
def test_voices_may_fail_and_captions_do_not(disturbed: tuple[Stage, Faults], service: str) -> None:
    stage, faults = disturbed

    async def scenario() -> None:
        async with talk(stage) as at:
            speaker = await at.join_speaker()
            listener = await at.join("en", voice="true")
            await heard_again(at, speaker, listener)
            first = at.sequence + 1
            for kind in KINDS:
                faults.disturb(service, kind, rate=RATES[service])
                for number in range(TRIES):
                    if number >= SENTENCES and faults.have_met(service, kind):
                        break
                    await at.say(speaker, f"{kind} {number} at {service} in {first}.")
                assert faults.have_met(service, kind)
            # What was drawn until now may have been mended by a further try; this is not.
            faults.disturb(service, "failing", rate=1.0)
            await at.say(speaker, f"Nobody hears this one of {first}.")
            await speaker.expect("speechFailed", sequence=at.sequence)
            faults.stop()
            await heard_again(at, speaker, listener)
            async with asyncio.timeout(PATIENCE):
                told = await told_of(captions_from(first, at.sequence), speaker, listener)
            assert told, f"no voice failed for {service}"
            captions = [each for each in listener.sequences() if each >= first]
            assert captions == captions_from(first, at.sequence)
            heard = [each["sequence"] for each in listener.of("speech")]
            assert len(heard) == len(set(heard))
            kinds = [(each["type"], each.get("sequence")) for each in listener.received]
            for sequence in heard:
                assert kinds.index(("caption", sequence)) < kinds.index(("speech", sequence))

    asyncio.run(scenario())
