"""`infra.local.say --voice`: listens to a talk; leaves a file and a table of each language."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from infra.local.listening.lags import table
from infra.local.listening.sound_file import write_wav
from infra.local.listening.turns import heard, turns
from infra.local.listening.voice_listeners import VoiceListener, voice_listeners
from infra.local.stage_client import HearOut, Message, StageClientError


def choose_voices(wanted: str | None, offered: Mapping[str, str]) -> list[str]:
    """The languages of `--voice` as the stage spells them; `offered` are its voices' qualities.

    Raises:
        StageClientError: the stage has no voice for one of them.
    """
    codes = {code.lower(): code for code in offered}
    named = [tag for tag in (part.strip() for part in (wanted or "").split(",")) if tag]
    unknown = [tag for tag in named if tag.lower() not in codes]
    if unknown:
        has = f"it has voices for {', '.join(sorted(offered))}" if offered else "it has no voices"
        raise StageClientError(f"the stage has no voice for {', '.join(unknown)}; {has}")
    if wanted is not None and not named:
        raise StageClientError("no voice is chosen; give --voice a language, as in --voice es,pt")
    return list(dict.fromkeys(codes[tag.lower()] for tag in named))


def make_directory(name: str) -> Path:
    """Where the files go, made where it is missing, before anything is said.

    Raises:
        StageClientError: there is no folder of that name, and none can be made.
    """
    directory = Path(name)
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StageClientError(
            f"{name} cannot be made: {error.strerror}; give another -o"
        ) from None
    return directory


@asynccontextmanager
async def heard_aloud(
    session: Message, languages: Collection[str], directory: Path
) -> AsyncIterator[HearOut]:
    """Listens while the block lasts, whose value waits until all that was said has been heard.

    Then writes a file for each language and prints its table, of a talk that was broken off, too.
    """
    async with voice_listeners(session, languages) as joined:
        try:
            yield joined.hear_out
        finally:
            for listener in joined.listeners:
                for line in _written(listener, joined.begun, directory):
                    print(line, flush=True)


def _written(listener: VoiceListener, begun: float, directory: Path) -> Iterator[str]:
    """Writes what a listener heard; the lines that say so."""
    taken = list(turns(listener.sounds))
    path = directory / f"voice-{listener.language}.wav"
    seconds = write_wav(path, heard(taken), listener.encoded, begun)
    yield ""
    yield from table(listener.language, taken)
    yield from listener.lost
    silent = sorted(set(listener.captioned) - {sound.sequence for sound in listener.sounds})
    if silent:
        yield f"{listener.language}: no voice came for {', '.join(map(str, silent))}"
    yield f"{path}: {seconds:.1f} s"
