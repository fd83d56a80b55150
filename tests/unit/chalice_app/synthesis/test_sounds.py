"""One sound: found or made, once for all who ask, by the best voice that can, and paid for once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from chalice_app.admission.budget import VoiceBudget
from chalice_app.admission.limits import AdmissionLimits
from chalice_app.domain.errors import Unavailable
from chalice_app.domain.sentence import SentenceRef
from chalice_app.synthesis.ports import SpeechFailed
from chalice_app.synthesis.sounds import SOUND_SECONDS, OverBudget, Sounds, sound_key
from chalice_app.synthesis.voices import NEURAL, STANDARD, Voice, voices_of
from tests.fakes.domain import NOW_MS, PATIENCE
from tests.fakes.synthesis import EVERYWHERE, FRAME_MS, FRAMES_A_CHARACTER
from tests.fakes.world import SETTINGS, World

REF = SentenceRef("golden-eagle-427", NOW_MS, 1, "speaker", NOW_MS, NOW_MS)
TEXT = "Hola, mundo"
BUDGET_ROW = f"{REF.session_id}#{REF.session_epoch}#voice-budget"


@pytest.fixture
def world() -> World:
    return World()


def sounds(world: World, most: int = 1_000) -> Sounds:
    budget = VoiceBudget(world.tables, most, 3600)
    return Sounds(world.sounds, world.polly, budget, world.clock)


def spent(world: World) -> int:
    return world.tables.get_counts(BUDGET_ROW).get("spent", 0)


def engines(world: World) -> list[str]:
    return [voice.engine for _, voice in world.polly.calls]


def test_a_sound_is_made_kept_and_measured(world: World) -> None:
    sound = sounds(world).sound(REF, "es", TEXT)
    assert sound.duration_ms == len(TEXT) * FRAMES_A_CHARACTER * FRAME_MS
    assert sound.characters == len(TEXT) == spent(world)
    assert world.sounds.kept[sound.key][1] == sound.duration_ms
    assert world.polly.calls == [(TEXT, Voice("Lupe", "es-US", NEURAL))]


def test_a_sound_that_is_there_is_neither_made_nor_paid_for(world: World) -> None:
    first = sounds(world).sound(REF, "es", TEXT)
    again = sounds(world).sound(REF, "es", TEXT)
    assert (again.key, again.duration_ms, again.characters) == (first.key, first.duration_ms, 0)
    assert len(world.polly.calls) == 1
    assert spent(world) == len(TEXT)


def test_thirty_who_ask_at_once_share_one_making(world: World) -> None:
    world.polly.held = threading.Event()
    shared = sounds(world)
    begun = threading.Barrier(31)

    def ask() -> tuple[str, int]:
        begun.wait(PATIENCE)
        sound = shared.sound(REF, "es", TEXT)
        return sound.key, sound.characters

    with ThreadPoolExecutor(30) as threads:
        asked = [threads.submit(ask) for _ in range(30)]
        begun.wait(PATIENCE)
        world.polly.wait_for_calls(1)
        world.polly.held.set()
        answers = [each.result(PATIENCE) for each in asked]
    assert len(world.polly.calls) == 1
    assert len({key for key, _ in answers}) == 1
    assert sum(characters for _, characters in answers) == len(TEXT) == spent(world)


def test_a_failure_reaches_all_who_share_it_and_no_later_one(world: World) -> None:
    world.polly.failing = {NEURAL, STANDARD}
    shared = sounds(world)
    with pytest.raises(SpeechFailed):
        shared.sound(REF, "es", TEXT)
    world.polly.failing = set()
    assert shared.sound(REF, "es", TEXT).characters == len(TEXT)


def test_who_shares_a_making_that_hangs_is_not_held_up_for_ever(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalice_app.synthesis.sounds.SHARED_SECONDS", 0.01)
    world.polly.held = threading.Event()
    shared = sounds(world)
    with ThreadPoolExecutor(1) as threads:
        leader = threads.submit(shared.sound, REF, "es", TEXT)
        world.polly.wait_for_calls(1)
        with pytest.raises(SpeechFailed, match="in time"):
            shared.sound(REF, "es", TEXT)
        world.polly.held.set()
        assert leader.result(PATIENCE).characters == len(TEXT)


def test_a_throttled_neural_voice_is_replaced_at_once_and_asked_again(world: World) -> None:
    world.polly.busy = {NEURAL}
    shared = sounds(world)
    shared.sound(REF, "es", TEXT)
    assert engines(world) == [NEURAL, STANDARD]
    assert spent(world) == len(TEXT)
    shared.sound(REF, "es", TEXT)
    assert engines(world) == [NEURAL, STANDARD, NEURAL]  # the standard sound was there
    world.polly.busy = set()
    shared.sound(REF, "es", "Otra")
    assert engines(world)[3:] == [NEURAL]


def test_a_voice_that_the_region_lacks_is_not_asked_for_again(world: World) -> None:
    world.polly.offered = EVERYWHERE
    shared = sounds(world)
    for text in ("uno", "dos", "tres"):
        shared.sound(REF, "es", text)
    assert engines(world) == [NEURAL, STANDARD, STANDARD, STANDARD]


def test_a_language_without_a_standard_voice_fails_where_there_is_no_neural_one(
    world: World,
) -> None:
    world.polly.offered = EVERYWHERE
    shared = sounds(world)
    for _ in range(2):
        with pytest.raises(SpeechFailed):
            shared.sound(REF, "ca", TEXT)
    assert engines(world) == [NEURAL]
    assert spent(world) == 0


@pytest.mark.parametrize("answer", [b"", b"{}", b"\xff" * 500], ids=["nothing", "JSON", "noise"])
def test_an_answer_that_is_no_sound_counts_as_none(world: World, answer: bytes) -> None:
    world.polly.answers = {NEURAL: answer}
    sounds(world).sound(REF, "es", TEXT)
    assert engines(world) == [NEURAL, STANDARD]
    world.polly.answers[STANDARD] = answer
    with pytest.raises(SpeechFailed):
        sounds(world).sound(REF, "es", "Otra")
    assert spent(world) == len(TEXT)
    assert len(world.sounds.kept) == 1


def test_voices_share_the_time_and_none_begins_after_it(world: World) -> None:
    world.polly.failing = {NEURAL, STANDARD}
    world.polly.during = lambda: world.clock.advance(2_500)
    with pytest.raises(SpeechFailed):
        sounds(world).sound(REF, "es", TEXT)
    assert world.polly.deadlines == [SOUND_SECONDS / 2, SOUND_SECONDS]
    world.polly.during = lambda: world.clock.advance(4_000)
    with pytest.raises(SpeechFailed):
        sounds(world).sound(REF, "es", TEXT)
    assert engines(world) == [NEURAL, STANDARD, NEURAL]


@pytest.mark.parametrize("refused", ["find", "put"])
def test_without_the_store_there_is_no_sound(world: World, refused: str) -> None:
    world.sounds.refusing = {refused}
    with pytest.raises(Unavailable):
        sounds(world).sound(REF, "es", TEXT)
    made = refused == "put"
    assert len(world.polly.calls) == made  # nothing is made that could not be kept
    assert spent(world) == made * len(TEXT)  # Polly bills what it made


def test_no_character_is_spoken_beyond_the_budget(world: World) -> None:
    bounded = sounds(world, len(TEXT) + 3)
    bounded.sound(REF, "es", TEXT)
    with pytest.raises(OverBudget):
        bounded.sound(REF, "es", "cuatro")
    bounded.sound(REF, "es", "sol")
    bounded.sound(REF, "es", TEXT)
    assert world.polly.texts == [TEXT, "sol"]


def test_a_budget_of_zero_is_none(world: World) -> None:
    sounds(world, 0).sound(REF, "es", TEXT)
    assert world.tables.get_counts(BUDGET_ROW) == {}


def test_what_fails_is_given_back(world: World) -> None:
    world.polly.failing = {NEURAL, STANDARD}
    with pytest.raises(SpeechFailed):
        sounds(world).sound(REF, "es", TEXT)
    assert spent(world) == 0


def test_a_sound_that_another_function_made_meanwhile_is_given_back(world: World) -> None:
    standard = voices_of("es")[1]
    world.polly.busy = {NEURAL}
    world.polly.during = lambda: world.sounds.put(sound_key(TEXT, "es", standard), b"", 700)
    assert sounds(world).sound(REF, "es", TEXT).duration_ms == 700
    assert spent(world) == 0


def test_a_counter_out_of_reach_costs_no_money(world: World) -> None:
    world.tables.refusing.add("count")
    with pytest.raises(SpeechFailed):
        sounds(world).sound(REF, "es", TEXT)
    assert world.polly.calls == []


def test_the_key_is_of_all_that_shapes_a_sound() -> None:
    voice = voices_of("es")[0]
    key = sound_key(TEXT, "es", voice)
    assert key.startswith("sounds/")
    assert key.endswith(".mp3")
    assert len(key) == len("sounds/") + 64 + len(".mp3")
    others: list[Callable[[], str]] = [
        lambda: sound_key("Hola", "es", voice),
        lambda: sound_key(TEXT, "es-MX", voice),
        lambda: sound_key(TEXT, "es", replace(voice, voice_id="Mia")),
        lambda: sound_key(TEXT, "es", replace(voice, engine=STANDARD)),
        lambda: sound_key(TEXT, "es", replace(voice, language_code="es-ES")),
    ]
    assert len({key, *(other() for other in others)}) == 6
    assert key == sound_key(TEXT, "es", voice)


def test_the_stage_s_budget_is_that_of_its_settings() -> None:
    limits = AdmissionLimits(voice_budget=5)
    world = World(settings=replace(SETTINGS, limits=limits, session_ttl_seconds=60))
    assert world.app.speaking.sounds.budget == VoiceBudget(world.tables, 5, 60)
