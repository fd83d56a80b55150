"""What a talk was like, measured from when its recording's sentences sounded in truth.

A recogniser's own times may be wrong, and its sentences need not be those of the text: each word of
the text is looked up among the words that were heard, and the sentence that holds it is followed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from infra.local.dictation.spoken_words import spoken_words
from infra.local.dictation.talk_record import ReadCaption, SaidSentence, ShownDraft, TalkRecord
from infra.local.dictation.word_errors import heard_as
from tests.speech.recording import SpokenSentence


@dataclass(frozen=True, slots=True)
class Heard:
    """Where a sentence of the text is among the words that were heard."""

    spoken: SpokenSentence
    first_word: int
    last_word: int


def heard_sentences(
    spoken: Sequence[SpokenSentence], said: Sequence[SaidSentence], language: str
) -> list[Heard]:
    """Each sentence of which any word was heard."""
    texts = [spoken_words(sentence.text, language) for sentence in spoken]
    words = [word for text in texts for word in text]
    heard = [word for each in said for word in spoken_words(each.text, language)]
    places = heard_as(words, heard)
    ends = list(accumulate(map(len, texts)))
    found = []
    for sentence, text, end in zip(spoken, texts, ends, strict=True):
        known = [place for place in places[end - len(text) : end] if place is not None]
        if known:
            found.append(Heard(sentence, known[0], known[-1]))
    return found


def caption_latencies(
    spoken: Sequence[SpokenSentence],
    record: TalkRecord,
    language: str,
    part: slice = slice(None),
) -> Mapping[str, list[float]]:
    """Seconds from the end of a sentence's sound to the caption with its last word, by language.

    `part` is of the sentences that were heard.
    """
    ends = _word_counts(record.said, language)
    arrived: dict[int, list[ReadCaption]] = {}
    for caption in record.captions:
        arrived.setdefault(caption.sequence, []).append(caption)
    found: dict[str, list[float]] = {}
    for heard in heard_sentences(spoken, record.said, language)[part]:
        sequence = bisect_right(ends, heard.last_word) + 1
        for caption in arrived.get(sequence, []):
            seconds = caption.at - record.sounded_at(heard.spoken.end_ms)
            found.setdefault(caption.language, []).append(seconds)
    return found


def first_draft_latencies(
    spoken: Sequence[SpokenSentence], record: TalkRecord, language: str
) -> Iterator[float]:
    """Seconds from the end of a sentence's first word until a reader saw anything of the sentence.

    That is the first draft, or else the caption, which shows more words than stood before it.
    """
    shown = list(_words_shown(record, language))
    for heard in heard_sentences(spoken, record.said, language):
        begun = record.sounded_at(heard.spoken.start_ms)
        seen = (at for at, words in shown if words > heard.first_word and at >= begun)
        first = next(seen, None)
        if first is not None:
            yield first - record.sounded_at(heard.spoken.first_word_end_ms)


def _words_shown(record: TalkRecord, language: str) -> Iterator[tuple[float, int]]:
    """After each draft or caption of a reader of the speaker's language: how many words stand."""
    before = [0, *_word_counts(record.said, language)]
    captions = (each for each in record.captions if each.language == language)
    messages: Iterable[ShownDraft | ReadCaption] = [*record.read_drafts, *captions]
    for each in sorted(messages, key=lambda message: message.at):
        words = before[min(each.sequence, len(before)) - 1]
        yield each.at, words + len(spoken_words(each.text, language))


def _word_counts(said: Sequence[SaidSentence], language: str) -> list[int]:
    """Words of the first sentence, of the first two, and so on."""
    return list(accumulate(len(spoken_words(each.text, language)) for each in said))
