"""Speech recognisers as browsers have them: what they send, by public reports, and talks to them.

A moment is `[milliseconds, event]`, an event what `microphone.js` takes. Chrome on Android:
https://stackoverflow.com/questions/35112561 and the pull requests #31 of
JamesBrill/react-speech-recognition and #924 of metadist/synaplan. Safari: #148 of
WebAudio/web-speech-api, #22 and #79 of jamsch/expo-speech-recognition. Silence and ends: #99 of
WebAudio/web-speech-api.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

Event = dict[str, Any]
Moment = tuple[int, Event]

ON: Event = {"type": "on"}
OFF: Event = {"type": "off"}
END: Event = {"type": "end"}
FINISH: Event = {"type": "finish"}
RETRY: Event = {"type": "retry"}


def error(code: str) -> Event:
    """The recogniser's error event."""
    return {"type": "error", "error": code}


def final(text: str, confidence: float | None = None) -> Event:
    """A slot that is marked final."""
    slot: Event = {"text": text, "isFinal": True}
    return slot if confidence is None else slot | {"confidence": confidence}


def guess(text: str) -> Event:
    """A slot that is not final yet."""
    return {"text": text, "isFinal": False}


def result(*slots: Event) -> Event:
    """The recogniser's result event, with all slots that it has."""
    return {"type": "result", "results": list(slots)}


RECORDED: dict[str, tuple[list[Moment], list[str]]] = {
    "Chrome on a computer: guesses of two parts, then a final": (
        [
            (0, ON),
            (900, result(guess("four"))),
            (1100, result(guess("four score "), guess("and"))),
            (1900, result(final("four score and seven", 0.93))),
            (2600, result(final("four score and seven", 0.93), guess(" years"))),
            (3300, result(final("four score and seven", 0.93), final(" years ago", 0.9))),
        ],
        ["four score and seven", "years ago"],
    ),
    "Edge: as Chrome, with capitals and stops": (
        [
            (0, ON),
            (700, result(guess("Four score"))),
            (1500, result(final("Four score and seven years ago.", 0.88))),
            (2500, result(final("Four score and seven years ago.", 0.88), guess(" Our"))),
            (
                3200,
                result(final("Four score and seven years ago.", 0.88), final(" Our fathers.", 0.9)),
            ),
        ],
        ["Four score and seven years ago.", "Our fathers."],
    ),
    "Chrome on Android: guesses marked final, growing in one slot": (
        [
            (0, ON),
            (800, result(final("Good"))),
            (1200, result(final("Good evening"))),
            (1700, result(final("Good evening all"))),
            (2900, END),
        ],
        ["Good evening all"],
    ),
    "Chrome on Android: growing from slot to slot": (
        [
            (0, ON),
            (800, result(final("hi", 0))),
            (1000, result(final("hi", 0), final("hi wie", 0))),
            (1300, result(final("hi", 0), final("hi wie", 0), final("hi wie wird", 0))),
            (
                1900,
                result(
                    *(final(each) for each in ("hi", "hi wie", "hi wie wird", "hi wie wird das"))
                ),
            ),
            (3000, END),
        ],
        ["hi wie wird das"],
    ),
    "Chrome on Android: guesses first, then growing finals": (
        [
            (0, ON),
            (500, result(guess("Goo"))),
            (800, result(final("Good"))),
            (1200, result(final("Good evening"))),
            (1300, result(final("Good evening"))),
            (2400, END),
        ],
        ["Good evening"],
    ),
    "Chrome on Android: smaller again, in other capitals, and repeated": (
        [
            (0, ON),
            (500, result(final("twinkle"))),
            (700, result(final("twinkle"), final("twinkle twinkle"))),
            (900, result(final("twinkle"), final("twinkle twinkle"), final("Twinkle"))),
            (
                1100,
                result(
                    final("twinkle"),
                    final("twinkle twinkle"),
                    final("Twinkle"),
                    final("Twinkle Twinkle Little"),
                ),
            ),
            (
                1300,
                result(
                    final("twinkle"),
                    final("twinkle twinkle"),
                    final("Twinkle"),
                    final("Twinkle Twinkle Little"),
                    final("twinkle twinkle little star"),
                    final("twinkle twinkle little star"),
                ),
            ),
            (2400, END),
        ],
        ["twinkle twinkle little star"],
    ),
    "Chrome on Android: the phrase twice, the first without confidence": (
        [
            (0, ON),
            (800, result(final("hello", 0))),
            (810, result(final("hello", 0), final("hello", 0.91))),
            (1900, END),
        ],
        ["hello"],
    ),
    "Chrome on Android: an empty final ends the guess": (
        [(0, ON), (800, result(guess("hello all"))), (1500, result(final(""))), (1600, END)],
        ["hello all"],
    ),
    "the same final twice in one slot, then Amen in two slots": (
        [
            (0, ON),
            (900, result(final("Amen"))),
            (950, result(final("Amen"))),
            (3000, result(final("Amen"), final("Amen"))),
            (3050, result(final("Amen"), final("Amen"))),
        ],
        ["Amen", "Amen"],
    ),
    "Safari on a phone: no final, then the end": (
        [
            (0, ON),
            (800, result(guess("Hello"))),
            (1200, result(guess("Hello everyone"))),
            (2000, END),
        ],
        ["Hello everyone"],
    ),
    "Safari on a phone: no final and no end, and on after a silence": (
        [
            (0, ON),
            (1200, result(guess("Hello everyone"))),
            (6000, result(guess("Hello everyone and welcome"))),
            (6500, result(guess("Hello everyone and welcome here"))),
        ],
        ["Hello everyone", "and welcome here"],
    ),
    "Safari on a phone: the guess begins anew after a silence": (
        [
            (0, ON),
            (1200, result(guess("Hello everyone and welcome"))),
            (3400, result(guess("Today"))),
            (3900, result(guess("Today we begin"))),
        ],
        ["Hello everyone and welcome", "Today we begin"],
    ),
    "Safari on a Mac: a revised final after its guess was sent": (
        [
            (0, ON),
            (1200, result(guess("for score and seven"))),
            (6000, result(final("Four score and seven years."))),
        ],
        ["for score and seven", "years."],
    ),
    "finals alone, as the standard has them": (
        [
            (0, ON),
            (900, result(final("Good"))),
            (2000, result(final("Good"), final(" Good morning"))),
        ],
        ["Good", "Good morning"],
    ),
    "a final that grows after the next has begun": (
        [
            (0, ON),
            (900, result(final("Good"))),
            (1300, result(final("Good"), final(" Bye"))),
            (1400, result(final("Good day"), final(" Bye"))),
        ],
        ["Good", "Bye", "day"],
    ),
    "a script without spaces, growing": (
        [
            (0, ON),
            (900, result(final("今日は"))),
            (1300, result(final("今日は"), final("今日はいい天気"))),
            (2500, END),
        ],
        ["今日はいい天気"],
    ),
    "a short sentence is not the beginning of the next": (
        [
            (0, ON),
            (900, result(guess("I"))),
            (1300, result(final("I"))),
            (2600, result(final("I"), final(" It is late"))),
        ],
        ["I", "It is late"],
    ),
}
"""What a browser sent, and the sentences that were said."""


@dataclass
class Talk:
    """A talk of unlike words, so that one that is lost or said twice shows."""

    chance: random.Random
    now: int = 0
    moments: list[Moment] = field(default_factory=lambda: [(0, ON)])
    words: list[str] = field(default_factory=list)
    utterances: list[str] = field(default_factory=list)

    def utterance(self) -> Iterator[str]:
        """The beginnings of a new utterance, each a word or two longer."""
        count = self.chance.randint(1, 9)
        words = [f"w{len(self.words) + n}" for n in range(count)]
        self.words += words
        self.utterances.append(" ".join(words))
        heard = 0
        while heard < count:
            heard = min(count, heard + self.chance.randint(1, 2))
            yield " ".join(words[:heard])

    def after(self, least: int, most: int, event: Event) -> None:
        """Something that happens a while later."""
        self.now += self.chance.randint(least, most)
        self.moments.append((self.now, event))


def on_a_computer(talk: Talk) -> None:
    """Guesses of two parts, a final a slot; ends after some, now and then in the middle of one."""
    finals: list[Event] = []
    for _ in range(talk.chance.randint(1, 5)):
        space = " " if finals else ""
        for beginning in talk.utterance():
            cut = talk.chance.randint(0, len(beginning))
            guesses = [guess(space + beginning[:cut]), guess(beginning[cut:])]
            talk.after(100, 700, result(*finals, *guesses))
        if talk.chance.random() < 0.2:
            break
        finals.append(final(space + beginning, 0.9))
        talk.after(100, 900, result(*finals))
    talk.after(100, 900, END)


def growing_in_a_slot(talk: Talk) -> None:
    """Guesses marked final, some twice; ends after each utterance."""
    for beginning in talk.utterance():
        for _ in range(talk.chance.choice((1, 1, 2))):
            talk.after(50, 550, result(final(beginning)))
    talk.after(100, 1100, END)


def growing_by_slots(talk: Talk) -> None:
    """Each guess is a final slot more, which begins with the former."""
    finals: list[Event] = []
    for beginning in talk.utterance():
        finals.append(final(beginning))
        for _ in range(talk.chance.choice((1, 1, 2))):
            talk.after(50, 550, result(*finals))
    talk.after(100, 1100, END)


def without_finals(talk: Talk) -> None:
    """Guesses alone: after a silence they go on or begin anew."""
    former = text = ""
    for _ in range(talk.chance.randint(1, 4)):
        begins_anew = talk.chance.random() < 0.5
        silence = 3_500 if former else 0
        for beginning in talk.utterance():
            text = beginning if begins_anew or not former else f"{former} {beginning}"
            talk.after(100 + silence, 900 + silence, result(guess(text)))
            silence = 0
        former = text
    talk.after(100, 900, END)


def paused_in_the_middle(talk: Talk) -> None:
    """The speaker pauses; the final of what was spoken before comes after that."""
    for beginning in talk.utterance():
        talk.after(100, 700, result(guess(beginning)))
    talk.after(0, 200, OFF)
    early = talk.chance.random() < 0.5
    if early:
        talk.after(0, 100, ON)
    if talk.chance.random() < 0.7:
        talk.after(100, 600, result(final(beginning, 0.9)))
    talk.after(10, 300, END)
    if not early:
        talk.after(0, 5_000, ON)


def in_trouble(talk: Talk) -> None:
    """Silence, or a network that is away for a while: nothing is said meanwhile."""
    code = talk.chance.choice(("no-speech", "aborted", "network"))
    talk.after(10, 9_000, error(code))
    talk.after(1, 20, END)
    talk.now += 31_000


KINDS: dict[str, tuple[Callable[[Talk], None], ...]] = {
    "a computer": (on_a_computer, paused_in_the_middle, in_trouble),
    "growing in a slot": (growing_in_a_slot, in_trouble),
    "growing by slots": (growing_by_slots, in_trouble),
    "without finals": (without_finals, paused_in_the_middle, in_trouble),
}


def a_talk(kind: str, chance: random.Random) -> Talk:
    """A talk to a browser of that kind."""
    talk = Talk(chance)
    for _ in range(chance.randint(1, 6)):
        chance.choice(KINDS[kind])(talk)
    return talk


def chaos(chance: random.Random) -> list[Moment]:
    """Any events at any time, in any order."""
    codes = ("no-speech", "aborted", "network", "not-allowed", "audio-capture", "bad-grammar")
    now, moments = 0, [(0, ON)]
    for _ in range(chance.randint(1, 60)):
        now += chance.choice((0, 1, 50, 299, 300, 1_200, 3_000, 40_000))
        text = "".join(chance.choices(["a", "b ", " c", "A.", ""], k=4))
        slots = [chance.choice((guess, final))(text) for _ in range(chance.randint(0, 3))]
        event = chance.choice(
            (ON, OFF, END, END, RETRY, result(*slots), result(*slots), error(chance.choice(codes)))
        )
        moments.append((now, event))
    return moments
