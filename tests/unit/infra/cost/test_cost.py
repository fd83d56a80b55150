"""The bill: its quantities, its prices, and that it grows as it must."""

import json

import pytest

from infra.cost.__main__ import PRICES, bill, by_service, main
from infra.cost.usage import LEDGER_WRITES, Event, quantities
from infra.deployment.stage_names import PROJECT
from tests.simulation.costs import measured

HOUR = Event(listeners=1000, languages=5, minutes=60)


def dollars(event: Event) -> float:
    return sum(by_service(bill(event)).values())


@pytest.mark.parametrize(("listeners", "total"), [(1_000, 5), (10_000, 12), (100_000, 81)])
def test_an_hour_costs_what_the_design_supposes(listeners: int, total: float) -> None:
    assert dollars(Event(listeners, 5, 60)) == pytest.approx(total, rel=0.05)


def test_translate_leads_a_small_hall_and_messages_a_large_one() -> None:
    assert next(iter(by_service(bill(HOUR)))) == "Amazon Translate"
    assert next(iter(by_service(bill(Event(10_000, 5, 60))))) == "API Gateway"


def test_messages_are_a_caption_a_listener_and_sentence() -> None:
    used = dict(quantities(HOUR))
    assert used["messages"] == 720 * 1000 + 3 * 720 + 2 * 1000
    assert used["characters"] == 720 * 80 * 5


def test_what_is_cached_is_not_translated() -> None:
    half = Event(1000, 5, 60, hit_rate=0.5)
    assert dict(quantities(half))["characters"] == dict(quantities(HOUR))["characters"] / 2
    assert dollars(half) < dollars(HOUR)


def test_dictation_costs_its_minutes_and_nothing_else() -> None:
    dictated = Event(1000, 5, 60, dictation_minutes=90)
    lines = {line.item: line for line in bill(dictated)}
    assert lines["dictation_minutes"].service == "Amazon Transcribe"
    assert lines["dictation_minutes"].dollars == pytest.approx(90 * 0.024)
    assert dollars(dictated) == pytest.approx(dollars(HOUR) + 2.16)


LISTENING = Event(1000, 5, 60, voices=0.2)


def test_a_sound_is_made_once_a_sentence_and_language_and_fetched_by_everybody_who_listens() -> (
    None
):
    used, silent = dict(quantities(LISTENING)), dict(quantities(HOUR))
    assert used["neural_characters"] == 720 * 5 * 80
    assert used["put_requests"] == 720 * 5
    assert used["get_requests"] == 720 * 5 + 720 * 200
    # 80 characters are 5.3 s, of 6 KB each.
    assert used["sound_egress_gb"] == pytest.approx(720 * 200 * 33_500e-9)
    assert used["messages"] == silent["messages"] + 720 * 200
    assert used["requests"] == silent["requests"] + 720 * 5
    assert used["characters"] == silent["characters"]


def test_standard_voices_cost_a_quarter_and_nothing_else_changes() -> None:
    neural = bill(LISTENING)
    standard = bill(Event(1000, 5, 60, voices=0.2, standard_voices=True))
    (neural_polly, standard_polly) = (
        by_service(each)["Amazon Polly"] for each in (neural, standard)
    )
    assert neural_polly == pytest.approx(4.608)
    assert standard_polly == pytest.approx(neural_polly / 4)
    others = [
        {line.item: line.dollars for line in each if line.service != "Amazon Polly"}
        for each in (neural, standard)
    ]
    assert others[0] == others[1]


def test_where_nobody_listens_no_voice_costs_anything() -> None:
    used = dict(quantities(HOUR))
    sounds = ("neural_characters", "standard_characters", "put_requests", "get_requests")
    assert all(used[each] == 0 for each in (*sounds, "gb_months", "sound_egress_gb"))


def test_no_more_languages_are_spoken_than_somebody_listens_to() -> None:
    assert Event(10, 5, 60, voices=0.2).spoken_languages == 2
    assert Event(10, 5, 60, voices=1).spoken_languages == 5
    assert dict(quantities(Event(10, 5, 60, voices=0.2)))["put_requests"] == 720 * 2


def test_a_long_sentence_is_spoken_in_parts_each_of_which_is_a_message_and_a_sound() -> None:
    used = dict(quantities(Event(100, 1, 1, characters=700, voices=1)))
    assert used["put_requests"] == 12 * 3
    assert used["messages"] == 12 * 100 + 3 * 12 + 2 * 100 + 12 * 3 * 100
    assert used["neural_characters"] == 12 * 700


def test_each_batch_of_a_large_hall_asks_for_its_own_listeners() -> None:
    hall = Event(100_000, 5, 60, voices=0.2)
    silent = dict(quantities(Event(100_000, 5, 60)))
    assert dict(quantities(hall))["requests"] == silent["requests"] + 720 * 20
    # They ask at the same time, so that none finds another's sound.
    assert dict(quantities(hall))["put_requests"] == 720 * 20
    assert dict(quantities(hall))["neural_characters"] == 720 * 20 * 80


def test_what_polly_admits_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--voices", "0.2"]) == 0
    out = capsys.readouterr().out
    assert "20% listening" in out
    assert "1 calls a second on average, 5 at once with each sentence; its neural quota is 8" in out
    assert "1.6 sentences a second in 5 languages, or 10 languages at this pace" in out
    assert "above the quota" not in out
    assert main(["--voices", "0.2", "--languages", "12"]) == 0
    assert "above the quota: what is throttled is spoken by a standard" in capsys.readouterr().out
    assert main(["--voices", "0.2", "--sentences", "120"]) == 0
    assert "or 4 languages at this pace\n  above the quota" in capsys.readouterr().out
    assert main(["--voices", "0.2", "--listeners", "100000"]) == 0
    out = capsys.readouterr().out
    assert "20 at once with each sentence" in out
    assert "0.4 sentences a second in 5 languages, or 2 languages at this pace" in out
    assert main(["--voices", "0.2", "--languages", "12", "--standard-voices"]) == 0
    out = capsys.readouterr().out
    assert "its standard quota is 80 a second, 100 at once" in out
    assert "above the quota" not in out
    assert main([]) == 0
    assert "Polly:" not in capsys.readouterr().out


def test_sounds_urls_are_posts_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--listeners", "45000"]) == 0
    assert "above API Gateway's" not in capsys.readouterr().out
    assert main(["--listeners", "45000", "--voices", "0.2"]) == 0
    assert "10,800 posts a second on average: above API Gateway's" in capsys.readouterr().out


def test_the_readme_s_table_of_voices_is_the_command_s() -> None:
    text = (PROJECT / "infra" / "README.md").read_text(encoding="utf-8")
    table = text[text.index("| listeners | Polly | sounds to listeners |") :].splitlines()[2:6]
    for row in table:
        cells = [each.strip(" $") for each in row.strip("|").split("|")]
        listeners = int(cells[0].replace(",", ""))
        lines = bill(Event(listeners, 5, 60, voices=0.2))
        polly = by_service(lines)["Amazon Polly"]
        (sounds,) = (line.dollars for line in lines if line.item == "sound_egress_gb")
        whole = dollars(Event(listeners, 5, 60, voices=0.2))
        rest = whole - dollars(Event(listeners, 5, 60)) - polly - sounds
        assert cells[1:] == [f"{each:.2f}" for each in (polly, sounds, rest, whole)]


def test_nobody_and_nothing_cost_next_to_nothing() -> None:
    assert dollars(Event(0, 0, 0)) == 0
    assert dollars(Event(0, 0, 60)) < 0.05


@pytest.mark.thorough
def test_the_ledger_s_writes_are_those_of_the_simulation() -> None:
    counted = measured()
    assert max(counted.join, counted.leave) == pytest.approx(LEDGER_WRITES, abs=0.5)


def test_every_price_has_its_date_and_source() -> None:
    document = json.loads(PRICES.read_text())
    assert len(document["dated"].split("-")) == 2
    assert all(
        price["source"].startswith("https://aws.amazon.com/") for price in document["prices"]
    )
    assert [price["item"] for price in document["prices"]] == list(
        dict.fromkeys(price["item"] for price in document["prices"])
    )
    assert {price["item"] for price in document["prices"]} == dict(quantities(HOUR)).keys()


def test_the_command_prints_the_bill(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--listeners", "100000", "--languages", "5", "--minutes", "60"]) == 0
    out = capsys.readouterr().out
    assert "Amazon Translate" in out
    assert "above API Gateway's default quota" in out
    assert "Amazon Transcribe $     0.00" in out
    assert main(["--dictation-minutes", "60"]) == 0
    assert "Amazon Transcribe $     1.44  60 dictation minutes" in capsys.readouterr().out
    assert main(["--json"]) == 0
    assert json.loads(capsys.readouterr().out)["dollars"]["API Gateway"] > 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["--listeners", "-1"],
        ["--minutes", "-5"],
        ["--hit-rate", "101"],
        ["--dictation-minutes", "-1"],
        ["--voices", "-0.1"],
        ["--voices", "20"],
        ["--voices", "nan"],
    ],
)
def test_numbers_that_make_no_event_are_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(arguments)
    assert refused.value.code == 2
