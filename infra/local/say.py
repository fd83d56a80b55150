"""Speaks to a running stage and prints what its listeners hear: `python -m infra.local.say`.

One listener a language joins a session of its own, and every caption is printed as it comes. A text
is said sentence by sentence, each after the report on the one before; a recording is played in real
time to the stage's recogniser. `--voice` leaves what is heard of it as a file for each language.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final

from sentencex import segment

from chalice_app.domain.errors import BadGlossary
from chalice_app.glossary.terms import Glossary
from chalice_app.wire.incoming import MAX_TEXT_CHARACTERS
from infra.glossary_file import read_glossary_file
from infra.interruption import run_command
from infra.local.dictation.latencies import percentile
from infra.local.dictation.speak_recording import SpokenFile, speak_recording
from infra.local.dictation.wav import UnreadableRecording, read_wav
from infra.local.listening.heard_aloud import choose_voices, heard_aloud, make_directory
from infra.local.stage_client import Api, Heard, HearOut, Message, StageClientError, talk
from infra.local.translate.engine.sentences import clauses

SAMPLE: Final = Path(__file__).parent / "samples" / "speech-en.txt"
"""Lincoln at Gettysburg, 1863; in the public domain."""


def split_sentences(text: str, language: str) -> list[str]:
    """The sentences of a text on one line each, in pieces where one is too long for a message."""
    found = (" ".join(part.split()) for part in segment(language, text))
    return [piece for sentence in found for piece in clauses(sentence, MAX_TEXT_CHARACTERS)]


def choose_languages(wanted: str | None, source: str, offered: Collection[str]) -> list[str]:
    """The languages of `--to` as the stage spells them; without it all but the speaker's own.

    Raises:
        StageClientError: the stage does not offer one of them, or the speaker's.
    """
    codes = {code.lower(): code for code in offered}
    named = [tag for tag in (part.strip() for part in (wanted or "").split(",")) if tag]
    unknown = [tag for tag in (source, *named) if tag.lower() not in codes]
    if unknown:
        raise StageClientError(
            f"the stage does not offer {', '.join(unknown)}; it has {', '.join(sorted(offered))}"
        )
    chosen = [codes[tag.lower()] for tag in named]
    if wanted is None:
        chosen = sorted(code for code in offered if code.lower() != source.lower())
    if not chosen:
        raise StageClientError(
            f"no language is chosen; give --to some of {', '.join(sorted(offered))}"
        )
    return list(dict.fromkeys(chosen))


def all_in_order(heard: Collection[Heard], languages: Collection[str], sentences: int) -> bool:
    """Whether every language got every sentence once, in the order they were said."""
    wanted = list(range(1, sentences + 1))
    return all(
        [caption.sequence for caption in heard if caption.language == language] == wanted
        for language in languages
    )


def summary(heard: Collection[Heard], languages: Collection[str], sentences: int) -> str:
    """The last line of the output, and another one where something was not translated."""
    latencies = [caption.latency_ms for caption in heard]
    typical = f"{median(latencies):.0f} ms" if latencies else "-"
    worst = f"{percentile(latencies, 99):.0f} ms" if latencies else "-"
    untranslated = sum(caption.untranslated for caption in heard)
    return (
        f"sentences {sentences}  captions expected {sentences * len(languages)}"
        f"  received {len(heard)}  latency median {typical}  p99 {worst}"
        + (f"\nuntranslated {untranslated}" if untranslated else "")
        + ("" if all_in_order(heard, languages, sentences) else "\nNOT every caption, in order")
    )


Speak = Callable[[Api, Message, Sequence[str], HearOut], Awaitable[bool]]
"""Says everything to a session, with a listener of each language; returns whether all came."""


async def _visit(options: argparse.Namespace, glossary: Glossary | None, speak: Speak) -> bool:
    """Opens a session, speaks to it and ends it; returns whether every caption came."""
    api = Api(options.http.rstrip("/"))
    languages = choose_languages(options.to, options.source, await api.languages())
    voices = [] if options.voice is None else choose_voices(options.voice, await api.voices())
    directory = make_directory(options.output)
    session = await api.open_session(options.source, options.transcript)
    print(f"{session['sessionId']}: {options.source} to {', '.join(languages)}", flush=True)
    try:
        if glossary is not None:
            await api.put_glossary(session, glossary.body())
        async with heard_aloud(session, voices, directory) as hear_out:
            return await speak(api, session, languages, hear_out)
    finally:
        await api.end_session(session)


async def _say_text(
    sentences: Sequence[str],
    pace: int,
    _: Api,
    session: Message,
    languages: Sequence[str],
    hear_out: HearOut,
) -> bool:
    async with talk(session, languages) as said:
        said.hear_out = hear_out
        await said.run(sentences, pace)
    print(summary(said.heard, languages, len(sentences)))
    return all_in_order(said.heard, languages, len(sentences))


def read_text(name: str) -> str:
    """The text of a file, or of standard input where the name is `-`.

    Raises:
        StageClientError: it cannot be read, or there is nothing in it.
    """
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise StageClientError(
            f"{name} cannot be read: {error.strerror}; name a text file"
        ) from None
    except UnicodeDecodeError:
        raise StageClientError(f"{name} is not UTF-8; convert it with iconv -t UTF-8") from None
    if not text.strip():
        raise StageClientError(f"{name} is empty; there is nothing to say")
    return text


def read_glossary(name: str | None) -> Glossary | None:
    """The glossary of a file, if one is named.

    Raises:
        StageClientError: it cannot be read, or something in it is wrong.
    """
    try:
        return None if name is None else read_glossary_file(name)
    except BadGlossary as failure:
        raise StageClientError(failure.message) from None


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m infra.local.say",
        description="Speak a text or a recording to listeners of a stage.",
    )
    spoken = parser.add_mutually_exclusive_group()
    spoken.add_argument("file", nargs="?", default=str(SAMPLE), help="text file, - for stdin")
    spoken.add_argument("--audio", metavar="FILE.wav", help="speak a recording, in real time")
    parser.add_argument(
        "--text", metavar="FILE", help="what the recording says: counts word errors"
    )
    parser.add_argument("--to", metavar="es,pt,...", help="default: all that the stage offers")
    parser.add_argument("--voice", metavar="es,pt,...", help="also hear the voice of these")
    parser.add_argument(
        "-o", "--output", metavar="DIR", default=".", help="for voice-es.wav, ...; default: here"
    )
    parser.add_argument("--source", default="en", metavar="LANGUAGE")
    parser.add_argument("--glossary", metavar="FILE", help="terms and blocked words, JSON or CSV")
    parser.add_argument("--http", default="http://127.0.0.1:8000", metavar="URL")
    parser.add_argument(
        "--pace", type=int, default=0, metavar="N", help="words a minute; 0: as reports come"
    )
    parser.add_argument(
        "--transcript", choices=("speaker", "everyone"), default="speaker", help="who may have it"
    )
    options = parser.parse_args(arguments)
    if options.text is not None and options.audio is None:
        parser.error("--text is the text of a recording; give --audio too")
    return options


def _speaking(options: argparse.Namespace) -> Speak:
    """What is to be said, read and checked before anything is opened."""
    if options.audio is None:
        sentences = split_sentences(read_text(options.file), options.source)
        return partial(_say_text, sentences, options.pace)
    text = None if options.text is None else read_text(options.text)
    recording = SpokenFile(read_wav(Path(options.audio)), options.source, text)
    return partial(speak_recording, recording)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 all came in order, 1 not, 2 nothing could be said."""
    options = _options(arguments)
    try:
        speak = _speaking(options)
        glossary = read_glossary(options.glossary)
        return 0 if asyncio.run(_visit(options, glossary, speak)) else 1
    except (StageClientError, UnreadableRecording) as error:
        print(f"say: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # `say | head`: the reader has left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == "__main__":
    run_command("say", main, "no session is left open")
