"""The functions of a large hall share one making of a sound, and do not depend upon each other."""

from collections.abc import Callable
from hashlib import sha256

import pytest

from chalice_app.admission.budget import VoiceBudget
from chalice_app.synthesis.hall_sounds import LOOK_AGAIN_SECONDS, HallSounds
from chalice_app.synthesis.sounds import SOUND_SECONDS, Sounds
from chalice_app.synthesis.voices import NEURAL
from tests.fakes.world import World
from tests.unit.chalice_app.synthesis.test_sounds import REF, TEXT


class Functions:
    """Functions over one world, each with a memory of its own; `then` is done at each wait."""

    def __init__(self) -> None:
        self.world = World()
        self.waits: list[float] = []
        self.then: Callable[[], object] = lambda: None

    def one(self) -> HallSounds:
        world = self.world
        budget = VoiceBudget(world.tables, 0, 3600)
        sounds = Sounds(world.sounds, world.polly, budget, world.clock)
        return HallSounds(sounds, world.tables, self._wait)

    def _wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.world.clock.advance(round(1000 * seconds))
        self.then()


def claim() -> str:
    """What the first one claims."""
    return f"sound.es.{sha256(TEXT.encode()).hexdigest()[:16]}"


@pytest.fixture
def functions() -> Functions:
    return Functions()


def test_the_first_makes_it_and_the_others_find_it(functions: Functions) -> None:
    made = functions.one().sound(REF, "es", TEXT)
    found = functions.one().sound(REF, "es", TEXT)
    assert (made.key, made.characters) == (found.key, len(TEXT))
    assert found.characters == 0
    assert len(functions.world.polly.calls) == 1
    assert functions.waits == []


def test_who_is_not_the_first_waits_until_it_is_there(functions: Functions) -> None:
    other = functions.one()
    assert functions.world.tables.claim_part(REF, claim())
    functions.then = lambda: (
        other.sounds.sound(REF, "es", TEXT) if len(functions.waits) == 2 else None
    )
    assert functions.one().sound(REF, "es", TEXT).characters == 0
    assert functions.waits == [LOOK_AGAIN_SECONDS] * 2
    assert len(functions.world.polly.calls) == 1


def test_a_sound_of_the_standard_voice_is_found_too(functions: Functions) -> None:
    functions.world.polly.busy = {NEURAL}
    made = functions.one().sound(REF, "es", TEXT)
    assert functions.one().sound(REF, "es", TEXT).key == made.key
    assert len(functions.world.polly.calls) == 2


def test_a_first_one_that_died_costs_its_time_and_no_voice(functions: Functions) -> None:
    functions.world.tables.claim_part(REF, claim())
    assert functions.one().sound(REF, "es", TEXT).characters == len(TEXT)
    assert sum(functions.waits) == pytest.approx(SOUND_SECONDS, abs=LOOK_AGAIN_SECONDS)


def test_without_claims_each_makes_it(functions: Functions) -> None:
    functions.world.tables.refusing.add("claim_part")
    assert functions.one().sound(REF, "es", TEXT).characters == len(TEXT)


def test_two_texts_and_two_languages_are_two_claims(functions: Functions) -> None:
    for language, text in (("es", TEXT), ("fr", TEXT), ("es", "Otra")):
        assert functions.one().sound(REF, language, text).characters
    assert functions.waits == []
    assert len(functions.world.polly.calls) == 3
