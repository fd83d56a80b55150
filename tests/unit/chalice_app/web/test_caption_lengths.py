"""How long captions are, in 300 sentences as people speak them: short, run-on, with hesitations.

`.venv/bin/python -m tests.unit.chalice_app.web.test_caption_lengths` prints the table.
"""

from collections import Counter
from collections.abc import Iterator
from random import Random
from statistics import median, quantiles

import pytest

from tests.deno import Deno, running_deno
from tests.unit.chalice_app.web.recogniser import FINISH, Call, advance, heard, sentences

SENTENCES = 300
SHORT = (
    "Amen.",
    "Yes.",
    "Thank you.",
    "Good morning.",
    "Is that so?",
    "We shall see.",
    "All right.",
)
CLAUSES = (
    "we came down to the river early in the morning",
    "the water had risen in the night",
    "nobody in the town knew what to do",
    "my grandfather opened the bakery on the corner",
    "the children carried the bread from door to door",
    "Dr. Weber met us at 9:30 a.m. in the old school",
    "it cost us 3.5 million",
    "there were 1,200 people in the hall",
    "I want to thank all of you",
    "the choir sang",
    "she told me that it would be fine",
    "you can still see the mark on the wall of the church",
    "they worked",
    "we have until the end of September to find the rest of the money",
)
JOINTS = (", and", ", but", " and", " because", ", so", ", which is why", " when", ",", " that is")
BINDING = ("the", "of", "to", "and", "in", "that")


def talk(random: Random) -> Iterator[tuple[str, int]]:
    """Each word with its marks, and the milliseconds until the next."""
    for _ in range(SENTENCES):
        text = sentence(random)
        words = text.split()
        for at, word in enumerate(words):
            yield word, pause(random, word, is_last=at == len(words) - 1)


def sentence(random: Random) -> str:
    """One in eight is short; the others have one to five clauses."""
    if random.random() < 1 / 8:
        return random.choice(SHORT)
    text = random.choice(CLAUSES)
    for _ in range(random.choice((0, 0, 1, 1, 2, 4))):
        text += f"{random.choice(JOINTS)} {random.choice(CLAUSES)}"
    return f"{text[0].upper()}{text[1:]}{random.choice('...?')}"


def pause(random: Random, word: str, *, is_last: bool) -> int:
    """Speakers breathe after a sentence, seldom after a comma, and hesitate after small words."""
    if is_last:
        return random.choice((100, 300, 500, 900, 1500))
    if word.endswith(","):
        return random.choice((50, 100, 200, 400, 800))
    return 900 if word in BINDING and random.random() < 0.03 else random.choice((0, 0, 20, 60))


def stream(random: Random, every: list[tuple[str, int]], *, marks: bool) -> Iterator[Call]:
    """Partial results every second word, 0.9 s late, of which all but two words are stable.

    A result ends at a pause of 0.6 s, or after 15 s. Without `marks` the recogniser writes none.
    """
    items, number, clock, begun = [], 0, 0, 0
    at = 500
    for spoken, (word, gap) in enumerate(every):
        end = at + 60 * min(len(word), 8)
        content = word if marks else word.rstrip(".,?")
        times = {"startMs": at, "endMs": end}
        items.append({"content": content, "kind": "word", **times, "stable": False})
        for item in items[:-2]:
            item["stable"] = True
        is_final = gap >= 600 or end - begun > 15_000
        while clock < end + 900:
            clock += 200
            yield advance(clock)
        if is_final or spoken % 2 or spoken == len(every) - 1:
            result = {"id": f"{number}", "partial": not is_final, "startMs": begun, "endMs": end}
            yield ["hear", {**result, "items": [dict(item) for item in items]}]
        at = end + gap
        if is_final:
            items, number, begun = [], number + 1, at
    yield FINISH


def captions(segmenter: Deno, seed: int, *, marks: bool) -> tuple[list[str], list[str]]:
    """What was said, and the sentences."""
    random = Random(seed)
    every = list(talk(random))
    said = [word if marks else word.rstrip(".,?") for word, _ in every]
    return said, sentences(heard(segmenter, "en", *stream(random, every, marks=marks)))


@pytest.mark.parametrize("marks", [True, False], ids=["with marks", "without marks"])
def test_captions_are_as_long_as_readers_like(segmenter: Deno, marks: bool) -> None:
    said, texts = captions(segmenter, 18, marks=marks)
    assert " ".join(texts).split() == said
    lengths = [len(text.split()) for text in texts]
    assert 6 <= median(lengths) <= 20
    assert sum(length <= 2 for length in lengths) < 0.05 * len(lengths)
    assert max(lengths) <= 30


def main() -> None:
    """Prints the table."""
    with running_deno("speaker/segmenter.js") as segmenter:
        for marks in (True, False):
            lengths = [
                len(text.split())
                for seed in range(4)
                for text in captions(segmenter, seed, marks=marks)[1]
            ]
            ends = Counter(min(length, 3) for length in lengths)
            short = 100 * (ends[1] + ends[2]) / len(lengths)
            tenths = quantiles(lengths, n=10)
            print(
                f"{'with' if marks else 'without'} marks: {len(lengths)} captions, median"
                f" {median(lengths):.0f}, 10 % below {tenths[0]:.0f}, 10 % above {tenths[-1]:.0f},"
                f" longest {max(lengths)}, {short:.1f} % of one or two words"
            )


if __name__ == "__main__":
    main()
