"""`python -m infra.transcript --http URL --session NAME --format srt`: a transcript, as a file.

The speaker's token is `$SPEAKER_TOKEN`, or the first line of stdin with `--token-from-stdin`: never
an argument, which other users of the machine could read. Without a token it asks as anybody may.
While the stage translates, it asks again when the stage says so. The file is written when all of it
is there, or not at all.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import secrets
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode, urljoin, urlsplit

from chalice_app.transcripts.requests import FORMATS
from infra.interruption import run_command

ANSWER_SECONDS: Final = 40.0
"""How long one answer is waited for; API Gateway gives up after 29 s."""
PATIENCE_SECONDS: Final = 900.0
"""How long a transcript is waited for: a day's talk is translated in a quarter of an hour."""
_MOST_REDIRECTS: Final = 3
_LEAST_PAUSE, _MOST_PAUSE = 0.2, 30.0
_TOKEN: Final = "SPEAKER_TOKEN"  # noqa: S105 - the name of a variable
_NO_TOKEN: Final = f"; give its token in ${_TOKEN}, or with --token-from-stdin"


class TranscriptError(Exception):
    """Why there is no transcript, in one line."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one address has answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        """The body where it is a JSON object, else an empty one."""
        with suppress(ValueError):
            if isinstance(said := json.loads(self.body), dict):
                return said
        return {}


Ask = Callable[[str, str], Answer]
"""Asks a URL, with a token that may be empty."""


def ask(url: str, token: str) -> Answer:
    """One GET, past any proxy.

    Raises:
        TranscriptError: nobody answers there, or not in HTTP.
    """
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = None
    try:
        connection = kind(parts.netloc, timeout=ANSWER_SECONDS)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(
            "GET", target, headers={"Authorization": f"Bearer {token}"} if token else {}
        )
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, response.read())
    except OSError as error:
        raise TranscriptError(f"no stage at {parts.scheme}://{parts.netloc} ({error})") from None
    except http.client.HTTPException as error:
        raise TranscriptError(f"the answer broke off ({type(error).__name__})") from None
    finally:
        if connection is not None:
            connection.close()


def fetch(
    url: str,
    token: str,
    tell: Callable[[str], None],
    asked: Ask = ask,
    pause: Callable[[float], None] = time.sleep,
) -> bytes:
    """The file at a transcript's URL, once it is translated.

    Raises:
        TranscriptError: the stage refuses, is not one, or takes too long.
    """
    waited = 0.0
    while True:
        answer = _followed(url, token, asked)
        if answer.status == 200:
            if "content-disposition" not in answer.headers:
                raise TranscriptError("what answers there gives no files: is it a stage?")
            return answer.body
        if answer.status not in (202, 429):
            said = answer.json.get("message", "no reason: is it a stage?")
            remedy = "" if token or answer.status != HTTPStatus.UNAUTHORIZED else _NO_TOKEN
            raise TranscriptError(f"the stage answered {answer.status}: {said}{remedy}")
        seconds = _seconds(answer)
        if waited + seconds > PATIENCE_SECONDS:
            raise TranscriptError(f"not ready after {waited:.0f} s: ask again later")
        if answer.status == 202:
            said = answer.json
            tell(f"translating: {said.get('done', '?')} of {said.get('sentences', '?')} sentences")
        pause(seconds)
        waited += seconds


def _followed(url: str, token: str, asked: Ask) -> Answer:
    """The answer, of the bucket too: there the address is the proof, and no token is sent."""
    for _ in range(_MOST_REDIRECTS):
        answer = asked(url, token)
        if answer.status not in (302, 303, 307):
            return answer
        url, token = urljoin(url, answer.headers.get("location", "")), ""
    raise TranscriptError("the stage leads in a circle")


def _seconds(answer: Answer) -> float:
    asked = answer.json.get("retryAfterMs")
    seconds = asked / 1000 if isinstance(asked, int | float) else 2.0
    return min(max(seconds, _LEAST_PAUSE), _MOST_PAUSE)


def write_whole(path: Path, body: bytes) -> None:
    """Writes all of a file or nothing: a name beside it, then that name becomes the file's.

    A link leads to its file, which keeps its permissions. What is no file, such as a terminal or
    a pipe, is written to.

    Raises:
        OSError: the disk is full, or nothing may be written there.
    """
    target = path.resolve()
    if target.exists() and not target.is_file():
        target.write_bytes(body)
        return
    new = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    try:
        with new.open("xb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            new.chmod(target.stat().st_mode)
        new.replace(target)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def main(arguments: Sequence[str] | None = None) -> int:
    """Fetches a transcript; 1 when there is none, with the reason in one line."""
    chosen = _parser().parse_args(arguments)
    token = sys.stdin.readline().strip() if chosen.token_from_stdin else os.environ.get(_TOKEN, "")
    if not token.isascii() or not token.isprintable():
        print("transcript: the token is not one: it has letters that none has", file=sys.stderr)
        return 1
    try:
        body = fetch(
            _url(chosen), token, lambda line: print(f"transcript: {line}", file=sys.stderr)
        )
        if chosen.output is None:
            sys.stdout.buffer.write(body)
            sys.stdout.buffer.flush()
        else:
            write_whole(chosen.output, body)
    except TranscriptError as failure:
        print(f"transcript: {failure}", file=sys.stderr)
        return 1
    except OSError as error:
        where = chosen.output or "stdout"
        print(f"transcript: {where} cannot be written: {error.strerror}", file=sys.stderr)
        return 1
    return 0


def _url(chosen: argparse.Namespace) -> str:
    query = {"format": chosen.format, "language": chosen.language, "with": chosen.beside}
    path = f"/sessions/{quote(chosen.session, safe='')}/transcript"
    asked = urlencode({name: value for name, value in query.items() if value is not None})
    return f"{chosen.http.rstrip('/')}{path}?{asked}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.transcript")
    parser.add_argument("--http", type=_address, required=True, metavar="URL", help="the stage's")
    parser.add_argument("--session", required=True, metavar="NAME", help="such as golden-eagle-427")
    parser.add_argument("--format", choices=FORMATS, default="txt")
    parser.add_argument("--language", metavar="TAG", help="the speaker's own unless given")
    parser.add_argument("--with", dest="beside", metavar="TAG", help="a second one beside it")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="stdout unless given")
    parser.add_argument(
        "--token-from-stdin", action="store_true", help=f"the speaker's token; else ${_TOKEN}"
    )
    return parser


def _address(text: str) -> str:
    try:
        parts = urlsplit(text)
        whole = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        # A query would swallow the path; a user or a password would be told in every error.
        whole = whole and not (parts.query or parts.fragment or "@" in parts.netloc or " " in text)
    except ValueError:
        whole = False
    if not whole:
        raise argparse.ArgumentTypeError(
            "it must be a URL such as http://127.0.0.1:8000, without user, password and query"
        )
    return text


if __name__ == "__main__":
    run_command("transcript", main, "no file was written")
