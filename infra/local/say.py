"""Speaks a text to a running stage and prints what its listeners hear: `python -m infra.local.say`.

One listener a language joins a session of its own, the text is said sentence by sentence, each
after the report on the one before, and every caption is printed as it comes.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import os
import sys
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from sentencex import segment
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from chalice_app.messages import MAX_TEXT_CHARACTERS
from infra.local.engine.sentences import clauses

SAMPLE: Final = Path(__file__).parent / "samples" / "speech-en.txt"
"""Lincoln at Gettysburg, 1863; in the public domain."""

ANSWER_SECONDS: Final = 30.0
"""How long anything that the stage owes is waited for; API Gateway gives a function 29 s."""

Message = Mapping[str, Any]


class SayError(Exception):
    """Why nothing can be said, in one line that also tells what to do about it."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One caption as a listener got it; `latency_ms` runs from the moment it was spoken."""

    sequence: int
    language: str
    text: str
    latency_ms: float
    untranslated: bool = False

    def __str__(self) -> str:
        """Its line of the output."""
        mark = "[untranslated] " if self.untranslated else ""
        latency = f"{self.latency_ms:.0f} ms"
        return f"{self.sequence:>4}  {self.language:<7}  {latency:>8}  {mark}{self.text}"


def split_sentences(text: str, language: str) -> list[str]:
    """The sentences of a text on one line each, in pieces where one is too long for a message."""
    found = (" ".join(part.split()) for part in segment(language, text))
    return [piece for sentence in found for piece in clauses(sentence, MAX_TEXT_CHARACTERS)]


def choose_languages(wanted: str | None, source: str, offered: Collection[str]) -> list[str]:
    """The languages of `--to` as the stage spells them; without it all but the speaker's own.

    Raises:
        SayError: the stage does not offer one of them, or the speaker's.
    """
    codes = {code.lower(): code for code in offered}
    named = [tag for tag in (part.strip() for part in (wanted or "").split(",")) if tag]
    unknown = [tag for tag in (source, *named) if tag.lower() not in codes]
    if unknown:
        raise SayError(
            f"the stage does not offer {', '.join(unknown)}; it has {', '.join(sorted(offered))}"
        )
    if wanted is not None and not named:
        raise SayError(f"--to names no language; the stage has {', '.join(sorted(offered))}")
    if wanted is None:
        return sorted(code for code in offered if code.lower() != source.lower())
    return list(dict.fromkeys(codes[tag.lower()] for tag in named))


def all_in_order(heard: Collection[Heard], languages: Collection[str], sentences: int) -> bool:
    """Whether every language got every sentence once, in the order they were said."""
    wanted = list(range(1, sentences + 1))
    return all(
        [caption.sequence for caption in heard if caption.language == language] == wanted
        for language in languages
    )


def percentile(values: Collection[float], percent: float) -> float:
    """The smallest value that is not below `percent` of all (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)]


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


@dataclass(frozen=True, slots=True)
class Api:
    """The stage's HTTP routes. Goes past any proxy: the stage is on loopback."""

    base: str

    async def languages(self) -> list[str]:
        """The codes of what the stage offers."""
        answer = await self._call("GET", "/languages")
        return [language["code"] for language in answer["languages"]]

    async def open_session(self, source: str) -> Message:
        """A new session, with its token and the WebSocket's address."""
        return await self._call("POST", "/sessions", {"sourceLanguage": source})

    async def end_session(self, session: Message) -> None:
        """Ends the session; one that has ended already, or a stage that is gone, is fine."""
        with suppress(SayError):
            await self._call(
                "DELETE", f"/sessions/{session['sessionId']}", token=session["speakerToken"]
            )

    async def _call(
        self, method: str, path: str, body: Message | None = None, token: str = ""
    ) -> Message:
        try:
            status, text = await asyncio.to_thread(self._exchange, method, path, body, token)
            answer = json.loads(text or "{}")
        except OSError as error:
            raise SayError(f"no stage at {self.base} ({error}); start one: make run") from None
        except (http.client.HTTPException, ValueError):
            raise SayError(f"what answers at {self.base} is no stage; give its --http") from None
        if status >= 300 or not isinstance(answer, dict):
            reason = answer.get("message") if isinstance(answer, dict) else None
            raise SayError(f"{method} {self.base}{path} answered {status}: {reason or 'no reason'}")
        return answer

    def _exchange(
        self, method: str, path: str, body: Message | None, token: str
    ) -> tuple[int, bytes]:
        address = urlsplit(self.base)
        secure = address.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        connection = kind(address.netloc, timeout=ANSWER_SECONDS)
        try:
            payload = None if body is None else json.dumps(body)
            connection.request(method, address.path.rstrip("/") + path, payload, headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


@dataclass(slots=True)
class Talk:
    """A session with its speaker and one listener a language, from first to last sentence."""

    speaker: ClientConnection
    listeners: Mapping[str, ClientConnection]
    heard: list[Heard] = field(default_factory=list)
    spoken_at: dict[int, float] = field(default_factory=dict)

    async def run(self, sentences: Sequence[str], words_per_minute: int) -> None:
        """Says everything; returns when the session has ended for every listener.

        Raises:
            SayError: the stage refused a sentence, fell silent or went away.
        """
        everyone = [self.speaker, *self.listeners.values()]
        await asyncio.gather(*(_expect(socket, "joined") for socket in everyone))
        hearing = [asyncio.create_task(self._hear(socket)) for socket in self.listeners.values()]
        for sequence, text in enumerate(sentences, start=1):
            begun = monotonic()
            await self._speak(sequence, text)
            if words_per_minute:
                pause = 60 * len(text.split()) / words_per_minute - (monotonic() - begun)
                await asyncio.sleep(max(0.0, pause))
        # What was posted before `sessionEnded` arrives before it: then all that comes has come.
        await self.speaker.send(json.dumps({"action": "end"}))
        await asyncio.wait(hearing, timeout=ANSWER_SECONDS)

    async def _speak(self, sequence: int, text: str) -> None:
        print(f"{sequence:>4}  {'said':<7}  {'':>8}  {text}", flush=True)
        self.spoken_at[sequence] = monotonic()
        await self.speaker.send(json.dumps({"action": "speak", "sequence": sequence, "text": text}))
        await _expect(self.speaker, "spoken")

    async def _hear(self, socket: ClientConnection) -> None:
        """Notes and prints captions until the connection is closed."""
        async for data in socket:
            message = json.loads(data)
            if message["type"] != "caption":
                continue
            latency_ms = (monotonic() - self.spoken_at[message["sequence"]]) * 1000
            caption = Heard(
                sequence=message["sequence"],
                language=message["language"],
                text=message["text"],
                latency_ms=latency_ms,
                untranslated=message.get("untranslated", False),
            )
            self.heard.append(caption)
            print(caption, flush=True)


async def _expect(socket: ClientConnection, kind: str) -> Message:
    """The next message of that kind.

    Raises:
        SayError: an error came instead, the connection ended, or nothing came at all.
    """
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            while True:
                message: Message = json.loads(await socket.recv())
                if message["type"] == kind:
                    return message
                if message["type"] == "error":
                    raise SayError(f"the stage answered {message['code']}: {message['message']}")
    except TimeoutError:
        raise SayError(f"no `{kind}` came within {ANSWER_SECONDS:.0f} s; see its log") from None
    except ConnectionClosed:
        raise SayError("the stage closed the connection; is it still running?") from None


@asynccontextmanager
async def _talk(session: Message, languages: Sequence[str]) -> AsyncIterator[Talk]:
    """Everybody's connection; all of them are closed at the end."""

    async def joined(**who: str) -> ClientConnection:
        query = urlencode({"sessionId": session["sessionId"], **who})
        address = f"{session['webSocketUrl']}?{query}"
        return await sockets.enter_async_context(connect(address, proxy=None, max_queue=None))

    async with AsyncExitStack() as sockets:
        try:
            speaker = await joined(token=session["speakerToken"])
            listeners = {code: await joined(targetLanguage=code) for code in languages}
        except (OSError, InvalidHandshake) as error:
            raise SayError(f"no way into {session['webSocketUrl']}: {error}; see its log") from None
        yield Talk(speaker, listeners)


async def _say(options: argparse.Namespace, sentences: Sequence[str]) -> bool:
    """The whole visit; returns whether every caption came once and in order."""
    api = Api(options.http.rstrip("/"))
    languages = choose_languages(options.to, options.source, await api.languages())
    session = await api.open_session(options.source)
    print(f"{session['sessionId']}: {options.source} to {', '.join(languages)}", flush=True)
    try:
        async with _talk(session, languages) as talk:
            await talk.run(sentences, options.pace)
    finally:
        await api.end_session(session)
    print(summary(talk.heard, languages, len(sentences)))
    return all_in_order(talk.heard, languages, len(sentences))


def read_text(name: str) -> str:
    """The text of a file, or of standard input where the name is `-`.

    Raises:
        SayError: it cannot be read, or there is nothing in it.
    """
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise SayError(f"{name} cannot be read: {error.strerror}; name a text file") from None
    except UnicodeDecodeError:
        raise SayError(f"{name} is not UTF-8; convert it with iconv -t UTF-8") from None
    if not text.strip():
        raise SayError(f"{name} is empty; there is nothing to say")
    return text


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m infra.local.say", description="Speak a text to listeners of a stage."
    )
    parser.add_argument("file", nargs="?", default=str(SAMPLE), help="text file, - for stdin")
    parser.add_argument("--to", metavar="es,pt,...", help="default: all that the stage offers")
    parser.add_argument("--source", default="en", metavar="LANGUAGE")
    parser.add_argument("--http", default="http://127.0.0.1:8000", metavar="URL")
    parser.add_argument(
        "--pace", type=int, default=0, metavar="N", help="words a minute; 0: as reports come"
    )
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 all came in order, 1 not, 2 nothing could be said, 130 interrupted."""
    options = _options(arguments)
    try:
        sentences = split_sentences(read_text(options.file), options.source)
        return 0 if asyncio.run(_say(options, sentences)) else 1
    except SayError as error:
        print(f"say: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `say | head`: nobody reads on
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == "__main__":
    sys.exit(main())
