"""What people with phones can do in a hall: the pages, the talk, the voices, as everywhere else."""

import asyncio
import gzip
import re
from urllib.parse import urljoin, urlsplit

import pytest

from tests.integration.client import TRIES, Answer, eventually, heard
from tests.network.halls import PORT, Hall
from tests.network.hosts import LAPTOP
from tests.network.people import open_session

HTTP, WS = f"http://{LAPTOP}:{PORT}", f"ws://{LAPTOP}:{PORT}"
GZIP = {"Accept-Encoding": "gzip"}


def test_the_ready_line_names_the_address_that_phones_reach_and_one_port(open_hall: Hall) -> None:
    assert open_hall.in_the_hall.http == HTTP
    assert open_hall.in_the_hall.ws == WS
    assert urlsplit(open_hall.in_the_hall.dynamodb).hostname == "127.0.0.1"


def test_the_terminal_shows_where_phones_find_the_hall(open_hall: Hall) -> None:
    asyncio.run(eventually(lambda: open_hall.says(f"Phones find this hall at {HTTP}"), True))


@pytest.mark.parametrize("path", ["/", "/s/golden-eagle-427", "/s/golden-eagle-427/overlay"])
def test_a_phone_loads_a_page_with_all_its_files(open_hall: Hall, path: str) -> None:
    phone = open_hall.phone()
    page = text(phone.request(HTTP + path, headers=GZIP))
    files = re.findall(r'(?:href|src)="([^"]*web/[^"]+)"', page)
    assert len(files) > 3
    for file in files:
        answer = phone.request(urljoin(HTTP + path, file), headers=GZIP)
        assert answer.status == 200, file
        assert "immutable" in answer.headers["Cache-Control"], file
        text(answer)


def text(answer: Answer) -> str:
    assert answer.status == 200, answer
    is_gzip = answer.headers.get("Content-Encoding") == "gzip"
    return (gzip.decompress(answer.body) if is_gzip else answer.body).decode()


def test_each_page_names_the_sockets_of_the_address_that_it_was_asked_by(open_hall: Hall) -> None:
    seen = {
        base: text(person.request(f"{base}/s/golden-eagle-427"))
        for base, person in (
            (HTTP, open_hall.phone()),
            (open_hall.at_home.http, open_hall.laptop),
        )
    }
    for base, page in seen.items():
        assert f'<meta name="websocket-url" content="{base.replace("http", "ws", 1)}">' in page


def test_the_speakers_page_at_the_laptop_invites_phones_to_the_hall(open_hall: Hall) -> None:
    page = text(open_hall.laptop.request(open_hall.at_home.http))
    assert f'<meta name="listeners-url" content="{HTTP}">' in page


def test_a_phone_uses_the_api_and_may_speak(open_hall: Hall) -> None:
    phone = open_hall.phone()
    session = open_session(phone, open_hall.in_the_hall, title="Said from the hall")
    assert session.url == WS
    state = phone.request(f"{HTTP}/sessions/{session.session_id}")
    assert state.json["title"] == "Said from the hall"
    assert any(
        each["code"] == "pt" for each in phone.request(f"{HTTP}/languages").json["languages"]
    )

    async def speak() -> str:
        listener = await open_hall.phone(1).enter(session.address(targetLanguage="pt"))
        speaker = await phone.enter(session.address(token=session.token), Origin=HTTP)
        async with listener.socket, speaker.socket:
            await listener.expect("joined")
            await speaker.expect("joined")
            await speaker.send("speak", sequence=1, text="Good morning.")
            return str((await listener.expect("caption", sequence=1))["text"])

    assert asyncio.run(speak())
    bearer = {"Authorization": f"Bearer {session.token}"}
    ended = phone.request(f"{HTTP}/sessions/{session.session_id}", "DELETE", headers=bearer)
    assert ended.status == 204


def test_phones_read_what_is_said_at_the_laptop(open_hall: Hall) -> None:
    async def listen() -> None:
        async with open_hall.talk() as talk:
            phones = [await talk.join(open_hall.phone(number), "pt") for number in range(5)]
            report = await talk.say("The doors are open.")
            assert report["languages"]["pt"]["delivered"] == 5
            texts = {(await phone.expect("caption", sequence=1))["text"] for phone in phones}
            assert len(texts) == 1

    asyncio.run(listen())


def test_a_phone_hears_a_voice_by_the_halls_own_address(open_hall: Hall) -> None:
    voices = open_hall.phone().request(f"{HTTP}/languages").json["languages"]
    if not any(each["code"] == "es" and "voice" in each for each in voices):
        pytest.skip("this stage has no Spanish voice")

    async def listen() -> str:
        async with open_hall.talk() as talk:
            phone = await talk.join(open_hall.phone(), "es", voice="true")
            # A voice and an engine have to be loaded: until then a sentence may not be heard.
            for _ in range(TRIES):
                spanish = (await talk.say("Please be seated."))["languages"]["es"]
                if "failed" in spanish or spanish["dropped"]:
                    continue
                if parts := await heard(talk.sequence, talk.speaker, phone):
                    return str(parts[0]["url"])
            raise AssertionError("nothing is heard")

    url = asyncio.run(listen())
    assert url.startswith(f"{HTTP}/sounds-local/")
    phone = open_hall.phone()
    whole = phone.request(url, headers={"Origin": HTTP})
    assert whole.status == 200
    assert whole.headers["Content-Type"].startswith("audio/")
    part = phone.request(url, headers={"Range": "bytes=10-19"})
    assert (part.status, part.body) == (206, whole.body[10:20])
    forged = phone.request(re.sub(r"Signature=.{8}", "Signature=00000000", url))
    assert forged.status == 403
    unsigned = phone.request(url.partition("?")[0])
    assert unsigned.status == 403
    # The page of the speaker at the laptop may fetch it, too.
    at_home = phone.request(url, headers={"Origin": open_hall.at_home.http})
    assert at_home.status == 200
