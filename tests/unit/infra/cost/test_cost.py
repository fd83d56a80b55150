"""The bill: its quantities, its prices, and that it grows as it must."""

import json

import pytest

from infra.cost.__main__ import PRICES, bill, by_service, main
from infra.cost.usage import LEDGER_WRITES, Event, quantities
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
    ],
)
def test_numbers_that_make_no_event_are_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(arguments)
    assert refused.value.code == 2
