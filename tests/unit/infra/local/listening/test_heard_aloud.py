"""A listener of a voice and a stage that is a script: what comes of its captions and sounds."""

import asyncio
import json
import wave
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from infra.local.listening import voice_listeners
from infra.local.listening.heard_aloud import choose_voices, heard_aloud, make_directory
from infra.local.listening.sound_file import RATE
from infra.local.stage_client import StageClientError
from tests.speech.mp3 import mp3

Message = dict[str, Any]
SOUNDS = {"/one.mp3": mp3(1.0), "/two.mp3": mp3(0.5), "/broken.mp3": b"no sound"}


@dataclass
class Stage:
    """Sends each listener its script, and serves the sounds that it names."""

    script: Sequence[Message]
    queries: list[dict[str, list[str]]] = field(default_factory=list)
    origin: str = ""

    def answer(self, connection: ServerConnection, request: Request) -> Response | None:
        address = urlsplit(request.path)
        if address.path == "/":
            return None
        if address.path not in SOUNDS or address.query != "signed=1":
            return connection.respond(403, "The address has expired.")
        body = SOUNDS[address.path]
        headers = Headers({"Content-Length": str(len(body)), "Connection": "close"})
        return Response(200, "OK", headers, body)

    async def talk(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        self.queries.append(parse_qs(urlsplit(socket.request.path).query))
        await socket.send('{"type":"joined"}')
        for message in self.script:
            url = {"url": f"{self.origin}{message['url']}"} if "url" in message else {}
            await socket.send(json.dumps(message | url))
        await socket.wait_closed()


async def hear(script: Sequence[Message], languages: Sequence[str], to: Path) -> Stage:
    """Listens to a script until nothing of it is missing."""
    stage = Stage(script)
    async with serve(stage.talk, "127.0.0.1", 0, process_request=stage.answer) as server:
        host = f"127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        stage.origin = f"http://{host}"
        session = {"sessionId": "golden-eagle-427", "webSocketUrl": f"ws://{host}/"}
        async with heard_aloud(session, languages, to) as hear_out:
            await hear_out(max(message["sequence"] for message in script))
    return stage


def caption(sequence: int, **fields: object) -> Message:
    return {"type": "caption", "sequence": sequence, "text": f"Sentence {sequence}.", **fields}


def speech(sequence: int, url: str, **fields: object) -> Message:
    return {"type": "speech", "sequence": sequence, "url": f"{url}?signed=1", **fields}


def seconds(path: Path) -> float:
    with wave.open(str(path)) as file:
        frames: int = file.getnframes()
        return frames / RATE


def test_each_language_is_one_file_and_one_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = [caption(1), caption(2), speech(1, "/one.mp3"), speech(2, "/two.mp3")]
    stage = asyncio.run(hear(script, ["es", "pt"], tmp_path))
    assert [each["voice"] for each in stage.queries] == [["true"], ["true"]]
    assert [each["targetLanguage"] for each in stage.queries] == [["es"], ["pt"]]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["voice-es.wav", "voice-pt.wav"]
    assert 1.5 < seconds(tmp_path / "voice-es.wav") < 3.0
    printed = capsys.readouterr().out
    assert "es: sentences 2  skipped 0  caption to voice median" in printed
    assert "pt: sentences 2  skipped 0  caption to voice median" in printed


def test_the_parts_of_a_long_sentence_are_heard_one_after_the_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = [speech(1, "/one.mp3", part=n, parts=3) for n in (1, 2, 3)]
    asyncio.run(hear([caption(1), *parts], ["es"], tmp_path))
    assert seconds(tmp_path / "voice-es.wav") > 3.0
    rows = capsys.readouterr().out.splitlines()
    assert [row.split()[0] for row in rows if row.startswith("   1.")] == ["1.1", "1.2", "1.3"]


@pytest.mark.parametrize("url", ["/broken.mp3", "/gone.mp3"])
def test_a_sound_that_does_not_load_is_said_and_the_others_are_heard(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], url: str
) -> None:
    script = [caption(1), speech(1, url), caption(2), speech(2, "/two.mp3")]
    asyncio.run(hear(script, ["es"], tmp_path))
    printed = capsys.readouterr().out
    assert "sentence 1: its sound did not load" in printed
    assert "es: no voice came for 1" in printed
    assert seconds(tmp_path / "voice-es.wav") >= 0.5


def test_the_same_sound_twice_is_heard_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = [caption(1), speech(1, "/two.mp3"), speech(1, "/two.mp3")]
    asyncio.run(hear(script, ["es"], tmp_path))
    assert "es: sentences 1  skipped 0" in capsys.readouterr().out
    assert seconds(tmp_path / "voice-es.wav") < 1.0


def test_a_voice_that_never_comes_is_waited_for_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(voice_listeners, "QUIET_SECONDS", 0.05)
    asyncio.run(hear([caption(1), caption(2, untranslated=True)], ["es"], tmp_path))
    assert "es: no voice came for 1, 2" in capsys.readouterr().out


def test_what_was_heard_of_a_talk_that_broke_off_is_written(tmp_path: Path) -> None:
    async def broken_off() -> None:
        stage = Stage([caption(1), speech(1, "/one.mp3")])
        async with serve(stage.talk, "127.0.0.1", 0, process_request=stage.answer) as server:
            host = f"127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
            stage.origin = f"http://{host}"
            session = {"sessionId": "golden-eagle-427", "webSocketUrl": f"ws://{host}/"}
            async with heard_aloud(session, ["es"], tmp_path) as hear_out:
                await hear_out(1)
                raise StageClientError("the stage closed the connection")

    with suppress(StageClientError):
        asyncio.run(broken_off())
    assert seconds(tmp_path / "voice-es.wav") >= 1.0


def test_a_stage_that_is_gone_says_so(tmp_path: Path) -> None:
    async def listen() -> None:
        session = {"sessionId": "golden-eagle-427", "webSocketUrl": "ws://127.0.0.1:9"}
        async with heard_aloud(session, ["es"], tmp_path):
            pass

    with pytest.raises(StageClientError, match="no way into ws:"):
        asyncio.run(listen())


def test_voices_are_taken_as_the_stage_spells_them_and_once_each() -> None:
    assert choose_voices(" PT-br,es,es", {"es": "fair", "pt-BR": "good"}) == ["pt-BR", "es"]


@pytest.mark.parametrize(
    ("wanted", "offered", "complaint"),
    [
        ("es,fr", {"es": "fair"}, "no voice for fr; it has voices for es"),
        ("es", {}, "no voice for es; it has no voices"),
        (",", {"es": "fair"}, "no voice is chosen"),
    ],
)
def test_a_language_without_a_voice_is_said_in_one_line(
    wanted: str, offered: dict[str, str], complaint: str
) -> None:
    with pytest.raises(StageClientError, match=complaint):
        choose_voices(wanted, offered)


def test_a_folder_that_is_a_file_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(StageClientError, match="taken cannot be made"):
        make_directory(str(tmp_path / "taken"))
    assert make_directory(str(tmp_path / "new" / "folder")).is_dir()
