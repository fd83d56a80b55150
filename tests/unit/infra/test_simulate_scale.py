"""The reckoning of a talk on AWS: what bounds it, and what its operator is told."""

import pytest

from infra.simulate_scale import (
    FUNCTION_POSTS,
    KNOWN,
    PRICES,
    Talk,
    dollars,
    report,
    sources,
    steps,
    warnings,
)


def last_ms(talk: Talk) -> float:
    return sum(step.milliseconds for step in steps(talk))


def cost(talk: Talk) -> float:
    return sum(amount for _, amount in dollars(talk))


@pytest.mark.parametrize(("listeners", "about"), [(1_000, 5), (10_000, 12), (100_000, 81)])
def test_an_hour_costs_what_the_prices_come_to(listeners: int, about: float) -> None:
    assert cost(Talk(listeners)) == pytest.approx(about, rel=0.05)


def test_a_small_talk_is_sent_by_one_function() -> None:
    assert Talk(5_000).batches == 0
    assert list(warnings(Talk(5_000), last_ms(Talk(5_000)))) == []


def test_a_large_talk_is_cut_and_bound_by_the_quota() -> None:
    talk = Talk(100_000)
    assert talk.batches == 20
    assert talk.rate == 8_000
    assert last_ms(talk) > 12_500
    quota, lost, coming = warnings(talk, last_ms(talk))
    assert "quota of 25,000/s" in quota
    assert "74% get the caption" in lost
    assert "3.3 minutes" in coming


def test_a_larger_quota_is_used_as_far_as_the_functions_go() -> None:
    granted = Talk(100_000, quota=1e6, posts_per_second=1e6)
    assert granted.rate == 20 * FUNCTION_POSTS.value
    assert last_ms(granted) < 2_000


def test_more_hits_cost_less() -> None:
    assert cost(Talk(1_000, hit_rate=1.0)) < cost(Talk(1_000)) / 3
    assert "translated" not in [step.name for step in steps(Talk(1_000, hit_rate=1.0))]


def test_every_limit_and_price_names_its_source() -> None:
    assert all(each.source for each in (*KNOWN, *PRICES))
    assert len(list(sources((*KNOWN, *PRICES)))) == len(KNOWN) + len(PRICES)
    assert any("last caption" in line for line in report(Talk()))
