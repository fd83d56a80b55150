"""The microphone's state machine, over what recognisers of all browsers send."""

import random
from collections.abc import Sequence

import pytest
from playwright.sync_api import Page

from chalice_app.domain.languages import LANGUAGES
from tests.browser.conftest import OpenPage
from tests.browser.recognisers import (
    END,
    FINISH,
    KINDS,
    OFF,
    ON,
    RECORDED,
    RETRY,
    Event,
    Moment,
    a_talk,
    chaos,
    error,
    final,
    guess,
    result,
)
from tests.browser.stub_stage import StubStage

SEED = 20_261
TALKS = 150
MINUTE = 60_000

RUN = """async (runs) => {
  const { Microphone } = await import("/web/microphone.js");
  const recogniser = ["result", "error", "end"];
  return runs.map(([moments, after]) => {
    const microphone = new Microphone();
    const happened = [];
    let now = 0;
    let isLive = false;
    const feed = (event) => {
      if (recogniser.includes(event.type) && !isLive) return;  // there is none that could send it
      if (event.type === "end") isLive = false;
      if (event.type !== "tick") happened.push({ at: now, ...event });
      for (const command of microphone.handle(event, now)) {
        happened.push({ at: now, ...command });
        if (command.do === "start") isLive = true;
        if (command.do === "abort") isLive = false;
      }
    };
    const advance = (to) => {
      while (microphone.wakeAt <= to) {
        now = Math.max(now, microphone.wakeAt);
        feed({ type: "tick" });
      }
      now = to;
    };
    for (const [at, event] of moments) {
      advance(at);
      feed(event);
    }
    advance(now + after);
    return happened;
  });
}"""


@pytest.fixture
def page(stub: StubStage, open_page: OpenPage) -> Page:
    """Any page: its modules are asked directly."""
    return open_page(stub.http)


def run(page: Page, *talks: Sequence[Moment], after: int = 10_000) -> list[list[Event]]:
    """What happened in each talk: events, and commands."""
    happened: list[list[Event]] = page.evaluate(RUN, [[talk, after] for talk in talks])
    return happened


def sentences(happened: Sequence[Event]) -> list[str]:
    """What was said."""
    return [each["text"] for each in happened if each.get("do") == "say"]


def starts(happened: Sequence[Event]) -> list[int]:
    """When recognisers were started."""
    return [each["at"] for each in happened if each.get("do") == "start"]


def shown(happened: Sequence[Event]) -> list[tuple[bool, str]]:
    """What the speaker sees: whether it is on, and what is wrong."""
    return [(each["isOn"], each["problem"]) for each in happened if each.get("do") == "show"]


def most_live(happened: Sequence[Event]) -> int:
    """The most recognisers that were live at a time."""
    live = most = 0
    for each in happened:
        live += each.get("do") == "start"
        live -= each.get("do") == "abort" or each.get("type") == "end"
        most = max(most, live)
    return most


def looping(code: str, lives: int) -> list[Moment]:
    """A recogniser that fails once a minute."""
    return [(0, ON), *((n * MINUTE, each) for n in range(lives) for each in (error(code), END))]


@pytest.mark.parametrize("name", RECORDED)
def test_what_a_browser_sends_becomes_what_was_said(page: Page, name: str) -> None:
    moments, said = RECORDED[name]
    assert sentences(run(page, moments)[0]) == said


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_lost_and_nothing_is_said_twice(page: Page, kind: str) -> None:
    chance = random.Random(SEED)
    talks = [a_talk(kind, chance) for _ in range(TALKS)]
    for n, (talk, happened) in enumerate(
        zip(talks, run(page, *(talk.moments for talk in talks)), strict=True)
    ):
        note = f"seed {SEED}, talk {n}: {talk.moments}"
        said = sentences(happened)
        assert " ".join(said).split() == talk.words, note
        assert most_live(happened) == 1, note
        if kind != "without finals":
            assert said == talk.utterances, note


def test_whatever_happens_one_recogniser_is_live_and_what_is_said_was_heard(page: Page) -> None:
    chance = random.Random(SEED)
    talks = [chaos(chance) for _ in range(TALKS)]
    for n, happened in enumerate(run(page, *talks)):
        note = f"seed {SEED}, talk {n}: {happened}"
        assert most_live(happened) <= 1, note
        slots = [each["results"] for each in happened if each.get("type") == "result"]
        heard = [slot["text"] for each in slots for slot in each]
        heard += ["".join(slot["text"] for slot in each if not slot["isFinal"]) for each in slots]
        for word in " ".join(sentences(happened)).split():
            assert any(word in text for text in heard), note
        is_on, problem = (shown(happened) or [(False, "")])[-1]
        live = any(each.get("do") == "start" for each in happened)
        assert not is_on or live, note
        assert problem not in {"not-allowed", "audio-capture"} or not is_on, note


@pytest.mark.parametrize("code", ["no-speech", "aborted"])
def test_a_recogniser_that_fails_at_once_is_started_less_and_less_often(
    page: Page, code: str
) -> None:
    happened = page.evaluate(
        """async ([code, minutes]) => {
            const { Microphone } = await import("/web/microphone.js");
            const microphone = new Microphone();
            const starts = [];
            let now = 0;
            const feed = (event) => {
                for (const command of microphone.handle(event, now)) {
                    if (command.do === "start") starts.push(now);
                }
            };
            const fail = () => {
                now += 5;
                feed({ type: "error", error: code });
                feed({ type: "end" });
            };
            feed({ type: "on" });
            while (now < minutes * 60_000) {
                fail();
                now = microphone.wakeAt;
                feed({ type: "tick" });
            }
            feed({ type: "result", results: [{ text: "hello", isFinal: true }] });
            feed({ type: "end" });
            fail();
            return { starts, pause: microphone.wakeAt - now };
        }""",
        [code, 5],
    )
    first = [at for at in happened["starts"] if at <= MINUTE]
    assert len(first) <= 20
    later = [at for at in happened["starts"] if 4 * MINUTE <= at < 5 * MINUTE]
    assert 5 <= len(later) <= 12, "it is tried for as long as the speaker wants it"
    assert happened["pause"] == 300, "a result begins the pauses anew"


def test_a_recogniser_that_keeps_failing_says_so_until_it_works(page: Page) -> None:
    moments = [*looping("aborted", 3), (3 * MINUTE, result(guess("back")))]
    assert shown(run(page, moments)[0]) == [(True, "")], "each lived for a minute"
    quick = [(n * 3_000, each) for n in range(1, 5) for each in (error("aborted"), END)]
    happened = run(page, [(0, ON), *quick, (20_000, result(guess("back")))])[0]
    assert shown(happened) == [(True, ""), (True, "unsteady"), (True, "")]


def test_the_network_is_tried_again_with_growing_pauses_and_said_meanwhile(page: Page) -> None:
    away = [(n * 40_000 + 20, each) for n in range(9) for each in (error("network"), END)]
    happened = run(page, [(0, ON), *away, (400_000, result(guess("back")))])[0]
    ends = [each["at"] for each in happened if each.get("type") == "end"]
    pauses = [start - end for end, start in zip(ends, starts(happened)[1:], strict=True)]
    assert pauses == [300, 600, 1_200, 2_400, 4_800, 9_600, 19_200, 30_000, 30_000]
    assert shown(happened)[:2] == [(True, ""), (True, "network")]
    assert shown(happened)[-1] == (True, "")


def test_trouble_that_is_over_is_not_shown_although_nothing_is_said(page: Page) -> None:
    moments = [(0, ON), (20, error("network")), (20, END)]
    happened = run(page, moments)[0]
    assert [(each["at"], each["problem"]) for each in happened if each.get("do") == "show"] == [
        (0, ""),
        (20, "network"),
        (5_320, ""),
    ]


def test_an_error_without_an_end_is_not_waited_for(page: Page) -> None:
    happened = run(page, [(0, ON), (20, error("network"))])[0]
    assert starts(happened) == [0, 1_320]
    assert most_live(happened) == 1
    alive = [(0, ON), (20, error("no-speech")), (500, result(guess("hello")))]
    assert starts(run(page, alive)[0]) == [0]


def test_a_network_that_is_back_ends_the_pause(page: Page) -> None:
    moments = [(0, ON), (20, error("network")), (20, END), (100, RETRY), (200, RETRY)]
    assert starts(run(page, moments)[0]) == [0, 100]


@pytest.mark.parametrize(
    "code", ["not-allowed", "service-not-allowed", "audio-capture", "language-not-supported"]
)
def test_what_no_further_try_would_change_ends_it_with_a_word(page: Page, code: str) -> None:
    happened = run(page, [(0, ON), (20, error(code)), (30, END), (50, RETRY)], after=MINUTE)[0]
    assert starts(happened) == [0]
    assert shown(happened) == [(True, ""), (False, code)]


def test_a_start_that_a_phone_refuses_after_its_lock_asks_for_a_gesture(page: Page) -> None:
    moments = [
        (0, ON),
        (900, result(guess("hello"))),
        (1_500, END),
        (1_600, error("not-allowed")),
        (1_610, END),
    ]
    happened = run(page, moments)[0]
    assert sentences(happened) == ["hello"]
    assert shown(happened) == [(True, ""), (False, "interrupted")]


def test_stop_and_start_around_an_end_leave_one_recogniser(page: Page) -> None:
    switches = [(500, END), (510, OFF), (520, ON), (530, OFF), (540, ON), (700, END), (710, END)]
    happened = run(page, [(0, ON), *switches])[0]
    assert most_live(happened) == 1
    assert shown(happened)[-1] == (True, "")


def test_a_recogniser_that_never_ends_is_given_up(page: Page) -> None:
    happened = run(page, [(0, ON), (900, result(guess("hello"))), (1_000, OFF), (1_100, ON)])[0]
    assert [each["at"] for each in happened if each.get("do") == "abort"] == [2_100]
    assert starts(happened) == [0, 2_100]
    assert sentences(happened) == ["hello"]


def test_a_recogniser_that_a_locked_phone_ended_without_a_word_is_replaced(page: Page) -> None:
    moments = [(0, ON), (900, result(guess("hello"))), (600_000, RETRY)]
    happened = run(page, moments, after=MINUTE)[0]
    assert starts(happened)[:2] == [0, 65_900]
    assert most_live(happened) == 1
    assert sentences(happened) == ["hello"]


def test_what_was_spoken_before_a_pause_is_sent_and_nothing_after_it(page: Page) -> None:
    moments = [
        (0, ON),
        (900, result(guess("let us"))),
        (1_000, OFF),
        (1_300, result(final("let us pray", 0.9))),
        (1_400, END),
        (2_000, result(final("private", 0.9))),
    ]
    assert sentences(run(page, moments)[0]) == ["let us pray"]
    endless = [*moments[:4], (9_000, result(final("private", 0.9)))]
    assert sentences(run(page, endless)[0]) == ["let us pray"]


def test_the_end_of_a_session_waits_for_nothing(page: Page) -> None:
    happened = run(page, [(0, ON), (900, result(guess("good night"))), (1_000, FINISH)])[0]
    assert [each["at"] for each in happened if each.get("do") == "say"] == [1_000]
    assert shown(happened)[-1] == (False, "")


def test_recognisers_get_a_tag_with_a_region(page: Page) -> None:
    tags: dict[str, str] = page.evaluate(
        """async (codes) => {
            const { recognitionTag } = await import("/web/recognition-tags.js");
            return Object.fromEntries(codes.map((code) => [code, recognitionTag(code)]));
        }""",
        list(LANGUAGES),
    )
    others = {"zh": "cmn-Hans-CN", "zh-TW": "cmn-Hant-TW", "no": "nb-NO", "tl": "fil-PH"}
    assert {code: tags[code] for code in others} == others
    assert tags["he"] == "he-IL"
    assert tags["es-MX"] == "es-MX"
    for code, tag in tags.items():
        language, *_, region = tag.split("-")
        assert len(region) == 2
        assert region.isupper()
        assert code in others or language == code.split("-")[0]
