"""Which words are settled, and that they stay so."""

from hypothesis import example, given
from hypothesis import strategies as st

from infra.local.transcribe.agreement import Agreement
from infra.local.transcribe.words import Word, joined


def said(text: str) -> list[Word]:
    """Words at 0.3 s each; a mark belongs to its word."""
    pieces = [(f" {each}", n * 0.3, n * 0.3 + 0.3, 1.0) for n, each in enumerate(text.split())]
    return joined(pieces)


def stable(agreement: Agreement) -> str:
    return " ".join(word.text for word in agreement.stable)


def test_words_that_two_decodes_agree_on_are_stable() -> None:
    agreement = Agreement()
    agreement.add(said("we need a"))
    assert stable(agreement) == ""
    agreement.add(said("We need the bridge"))
    assert stable(agreement) == "We need"
    agreement.add(said("we need the bridge now"))
    assert stable(agreement) == "We need the bridge"


def test_a_stable_word_stays_whatever_a_later_decode_says() -> None:
    agreement = Agreement()
    for text in ("one two three", "one two three four", "won too three four five"):
        agreement.add(said(text))
    assert [word.text for word in agreement.words] == ["one", "two", "three", "four", "five"]


def test_a_stable_word_that_grows_into_another_is_not_said_twice() -> None:
    def words(*parts: tuple[str, float, float]) -> list[Word]:
        return joined([(f" {text}", start, end, 1.0) for text, start, end in parts])

    began = [("began", 0.2, 0.6), ("with", 0.6, 0.8), ("one", 0.8, 1.0)]
    agreement = Agreement()
    for _ in range(2):
        agreement.add(words(("you", 0.0, 0.2), *began, ("other.", 1.0, 1.2)))
    for _ in range(2):
        heard = ("oven,", 1.0, 1.5), ("two", 1.5, 1.7), ("tables", 1.7, 2.0)
        agreement.add(words(("he", 0.0, 0.2), *began, *heard))
    assert stable(agreement) == "you began with one other two tables"


def test_the_last_stable_word_s_mark_is_settled_with_the_next_word() -> None:
    agreement = Agreement()
    agreement.add(said("the town."))
    agreement.add(said("the town today"))
    assert (stable(agreement), agreement.settled_marks) == ("the town", 1)
    agreement.add(said("the town, today we"))
    assert agreement.stable[1].marks == ","
    assert agreement.settled_marks == 3


def test_the_end_settles_everything() -> None:
    agreement = Agreement()
    agreement.add(said("only once."))
    agreement.end()
    assert (stable(agreement), agreement.settled_marks) == ("only once", 2)


def test_a_split_loses_and_doubles_nothing() -> None:
    agreement = Agreement()
    for text in ("a b. c d", "a b. c d e"):
        agreement.add(said(text))
    ended, rest = agreement.split(2)
    assert [word.text for word in ended.words] == ["a", "b"]
    assert ([word.text for word in rest.words], stable(rest)) == (["c", "d", "e"], "c d")


@given(st.lists(st.lists(st.sampled_from(["a", "b.", "c,", "d"]), max_size=6), max_size=8))
@example([["a", "a", "b."], ["a", "a", "b.", "a"], ["b.", "a"]])  # times of a later decode go back
def test_stable_words_are_never_changed_and_times_rise(decodes: list[list[str]]) -> None:
    agreement, before = Agreement(), [""][:0]
    marks: list[str] = []
    for decode in decodes:
        agreement.add(said(" ".join(decode)))
        now = [word.text for word in agreement.stable]
        assert now[: len(before)] == before
        settled = [word.marks for word in agreement.stable[: agreement.settled_marks]]
        assert settled[: len(marks)] == marks
        before, marks = now, settled
        times = [time for word in agreement.words for time in (word.start, word.end)]
        assert times == sorted(times)
