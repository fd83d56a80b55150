"""What is taken back of what was shown."""

import pytest

from infra.local.dictation.erasure import erased, normalised_erasure


@pytest.mark.parametrize(
    ("before", "after", "count"),
    [
        ("", "a b", 0),
        ("a b", "a b c", 0),
        ("a b", "a c", 1),
        ("a b c", "x b c", 3),
        ("a b", "a", 1),
    ],
)
def test_what_stands_behind_a_change_is_erased_too(before: str, after: str, count: int) -> None:
    assert erased(before.split(), after.split()) == count


def test_growing_text_erases_nothing() -> None:
    assert normalised_erasure([["a"], ["a", "b"], ["a", "b", "c"]]) == 0


def test_the_sum_is_a_share_of_the_final_text() -> None:
    assert normalised_erasure([["a", "x"], ["a", "b"], ["a", "c", "d", "e"]]) == 2 / 4


def test_nothing_shown_is_nothing_erased() -> None:
    assert normalised_erasure([]) == 0
