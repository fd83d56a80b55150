"""What `say` makes of a text and of what its listeners heard, and how it tells what is wrong."""

import io
import socket
from collections.abc import Sequence
from pathlib import Path

import pytest

from chalice_app.glossary.terms import Glossary, Term
from infra.local import say
from infra.local.stage_client import Heard, StageClientError


def heard(language: str, *sequences: int, latency_ms: float = 10.0) -> list[Heard]:
    return [Heard(sequence, language, "text", latency_ms) for sequence in sequences]


def test_the_sample_is_ten_whole_sentences() -> None:
    sentences = say.split_sentences(say.read_text(str(say.SAMPLE)), "en")
    assert len(sentences) == 10
    assert sentences[0].startswith("Four score and seven years ago")
    assert sentences[-1].endswith("shall not perish from the earth.")


def test_a_sentence_is_one_line_however_the_file_is_wrapped() -> None:
    assert say.split_sentences("Good\n  morning, Dr. Smith.\r\n\r\n\tWelcome!  ", "en") == [
        "Good morning, Dr. Smith.",
        "Welcome!",
    ]


def test_a_sentence_too_long_for_a_message_is_cut_between_words() -> None:
    pieces = say.split_sentences("word " * 2_000, "en")
    assert all(len(piece) <= 4_000 for piece in pieces)
    assert " ".join(pieces).split() == ["word"] * 2_000


def test_languages_are_taken_as_the_stage_spells_them_and_once_each() -> None:
    offered = ["en", "es", "pt", "zh-TW"]
    assert say.choose_languages(" zh-tw,ES, es,", "en", offered) == ["zh-TW", "es"]


def test_without_languages_everything_but_the_speakers_own_is_heard() -> None:
    assert say.choose_languages(None, "en", ["pt", "en", "es"]) == ["es", "pt"]


@pytest.mark.parametrize(
    ("wanted", "source", "complaint"),
    [
        ("es,xx", "en", "does not offer xx; it has en, es"),
        ("es", "tlh", "does not offer tlh; it has en, es"),
        (",", "en", "no language is chosen; give --to some of en, es"),
    ],
)
def test_a_language_that_is_not_offered_is_named_beside_those_that_are(
    wanted: str, source: str, complaint: str
) -> None:
    with pytest.raises(StageClientError, match=complaint):
        say.choose_languages(wanted, source, ["es", "en"])


@pytest.mark.parametrize(
    ("sequences", "in_order"),
    [
        ((1, 2, 3), True),
        ((1, 3, 2), False),
        ((1, 2), False),
        ((1, 2, 2, 3), False),
        ((1, 2, 3, 3), False),
        ((), False),
    ],
)
def test_each_language_must_hear_everything_once_and_in_order(
    sequences: Sequence[int], in_order: bool
) -> None:
    captions = [*heard("es", *sequences), *heard("pt", 1, 2, 3)]
    assert say.all_in_order(captions, ["es", "pt"], 3) is in_order


def test_how_languages_interleave_does_not_matter() -> None:
    captions = [*heard("es", 1), *heard("pt", 1, 2), *heard("es", 2)]
    assert say.all_in_order(captions, ["es", "pt"], 2)


def test_the_summary_counts_and_measures() -> None:
    captions = [*heard("es", 1, 2, latency_ms=20.4), *heard("pt", 1, 2, latency_ms=41.0)]
    assert say.summary(captions, ["es", "pt"], 2) == (
        "sentences 2  captions expected 4  received 4  latency median 31 ms  p99 41 ms"
    )


def test_the_summary_says_what_is_missing_and_what_was_not_translated() -> None:
    captions = [Heard(1, "es", "text", 7.0, untranslated=True)]
    assert say.summary(captions, ["es"], 2).splitlines() == [
        "sentences 2  captions expected 2  received 1  latency median 7 ms  p99 7 ms",
        "untranslated 1",
        "NOT every caption, in order",
    ]


def test_a_summary_of_nothing_has_no_latency() -> None:
    assert "received 0  latency median -  p99 -" in say.summary([], ["es"], 1)


def test_a_captions_line_is_aligned_and_marked() -> None:
    assert str(Heard(7, "es", "Hola.", 41.6)) == "   7  es          42 ms  Hola."
    marked = Heard(7, "es", "Hello.", 2041.6, untranslated=True)
    assert str(marked) == "   7  es        2042 ms  [untranslated] Hello."


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b" \r\n\t", "is empty; there is nothing to say"),
        (b"caf\xe9", "is not UTF-8; convert it"),
        (None, "cannot be read: No such file or directory"),
    ],
)
def test_a_file_that_says_nothing_ends_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, complaint: str
) -> None:
    file = tmp_path / "speech.txt"
    if content is not None:
        file.write_bytes(content)
    assert say.main([str(file)]) == 2
    output = capsys.readouterr()
    assert output.err.startswith(f"say: {file}")
    assert complaint in output.err
    assert output.err.count("\n") == 1
    assert output.out == ""


def test_standard_input_is_read_and_its_byte_order_mark_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xef\xbb\xbfHello.")))
    assert say.read_text("-") == "Hello."


def test_without_a_stage_the_command_that_starts_one_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with socket.socket() as nobody:  # bound and not listening: the port answers no one
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        assert say.main(["--http", url]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"say: no stage at {url}")
    assert error.endswith("start one (make run), or give its --http\n")


def test_a_glossary_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "terms.csv"
    path.write_text("source,keep\nhall,yes\n")
    assert say.read_glossary(str(path)) == Glossary((Term("hall", keep=True),))
    assert say.read_glossary(None) is None
    path.write_text("source,keep\nhall,no\n")
    with pytest.raises(StageClientError, match=r"terms\.csv: term 1"):
        say.read_glossary(str(path))


def test_a_recording_that_cannot_be_read_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "talk.mp3"
    path.write_bytes(b"ID3")
    assert say.main(["--audio", str(path)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == (
        f"say: {path} is not a WAV file; convert it with ffmpeg -i FILE FILE.wav\n"
    )


def test_a_recording_s_text_that_cannot_be_read_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert say.main(["--audio", "talk.wav", "--text", str(tmp_path / "none.txt")]) == 2
    assert capsys.readouterr().err.endswith("none.txt cannot be read: No such file or directory;"
                                            " name a text file\n")  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--text", "talk.txt"], "--text is the text of a recording; give --audio too"),
        (["--audio", "talk.wav", "talk.txt"], "not allowed with argument --audio"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        say.main(arguments)
    assert complaint in capsys.readouterr().err
