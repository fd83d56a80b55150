"""Who is let in, on a stage that makes loopback no exception: attacked over the wire."""

import asyncio
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest
import websockets

from tests.integration.client import (
    PATIENCE,
    PROJECT,
    TRIES,
    Message,
    Session,
    Stage,
    eventually,
    running_stage,
    talk,
)

PAID, SPENT = "The lamps are lit at seven.", "The doors are shut at eight."
"""Sentences that no other test of this stage has had cached."""


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A stage with the limits that strangers meet."""
    settings = {
        "UNLIMITED_ADDRESSES": "192.0.2.0/24",
        "NEWCOMERS_PER_MINUTE": "10",
        "SENTENCES_PER_SECOND": "5",
    }
    log = tmp_path_factory.mktemp("strict") / "stage.log"
    with running_stage(log, **settings) as running:
        yield running
    assert "Traceback" not in log.read_text()


async def status(address: str, origin: str | None = None) -> int:
    """What a handshake is answered with; a socket that opens is closed again."""
    try:
        async with websockets.connect(
            address,
            proxy=None,
            origin=websockets.Origin(origin) if origin is not None else None,
            open_timeout=PATIENCE,
        ):
            return 101
    except websockets.InvalidStatus as refused:
        if refused.response.body:
            raise AssertionError("a refusal says more than its status") from refused
        return refused.response.status_code


def open_session(stage: Stage, **wanted: object) -> Session:
    answer = stage.request("POST", "/sessions", {"sourceLanguage": "en", **wanted})
    assert answer.status == 201, answer
    opened = answer.json
    return Session(opened["sessionId"], opened["speakerToken"], opened["webSocketUrl"])


async def statuses(address: str, origins: Sequence[str | None]) -> list[int]:
    return [await status(address, origin) for origin in origins]


def test_the_page_s_own_origins_alone_are_let_in(stage: Stage) -> None:
    address = stage.open_session().address(targetLanguage="pt")
    local = stage.http.replace("127.0.0.1", "localhost")
    assert asyncio.run(statuses(address, [None, stage.http, local])) == [101] * 3
    others = ["null", stage.http + "0", stage.http.upper(), f"{stage.http}.evil.example", stage.ws]
    assert asyncio.run(statuses(address, others)) == [403] * 5


def test_unknown_ended_and_wrong_code_are_one_answer(stage: Stage) -> None:
    of = open_session(stage, joinCode="aula 7")
    ended = stage.open_session()
    assert stage.end(ended).status == 204
    right = of.address(targetLanguage="pt", joinCode="aula 7")
    wrong = [
        of.address(targetLanguage="pt", joinCode="aula 8"),
        of.address(targetLanguage="pt"),
        of.address(token="wrong"),
        of.address(targetLanguage="pt", sessionId="golden-eagle-100"),
        ended.address(targetLanguage="pt"),
        ended.address(targetLanguage="pt", joinCode="aula 7"),
    ]

    async def all_of_them() -> list[int]:
        return [await status(address) for address in [right, *wrong]]

    assert asyncio.run(all_of_them()) == [101] + [404] * 6
    answers = [
        stage.request("GET", f"/sessions/{name}").json | {"requestId": ""}
        for name in (of.session_id, "golden-eagle-100")
    ]
    assert answers[0] == answers[1]
    assert stage.request(
        "GET", f"/sessions/{of.session_id}", headers={"X-Join-Code": "aula%207"}
    ).json["isActive"]


def test_a_session_takes_no_more_listeners_than_it_may(stage: Stage) -> None:
    of = open_session(stage, maxListeners=2)

    async def crowd() -> None:
        address = of.address(targetLanguage="pt")
        async with (
            websockets.connect(address, proxy=None) as first,
            websockets.connect(address, proxy=None) as second,
        ):
            for socket in (first, second):
                assert json.loads(await socket.recv())["type"] == "joined"
            assert await status(address) == 503
            assert stage.state(of)["isFull"] is True
        await eventually(lambda: stage.state(of)["listenerCount"], 0)
        assert await status(address) == 101

    asyncio.run(crowd())


@pytest.mark.parametrize("query", [{}, {"lastSequence": 0}])
def test_a_rush_while_somebody_speaks_fills_a_session_no_further(
    stage: Stage, query: dict[str, object]
) -> None:
    asyncio.run(rush(stage, query))


async def rush(stage: Stage, query: dict[str, object]) -> None:
    async with talk(stage) as running:
        running.session = of = open_session(stage, maxListeners=5)
        speaker = await running.join_speaker()
        await running.say(speaker, PAID)
        address = of.address(targetLanguage="pt", **query)

        async def hurry() -> str:
            """The last word to one of the rush before its socket closes."""
            try:
                async with websockets.connect(address, proxy=None, open_timeout=PATIENCE) as socket:
                    told: list[Message] = []
                    there.append((socket, told))
                    async for each in socket:
                        told.append(json.loads(each))
            except websockets.InvalidStatus as refused:
                return str(refused.response.status_code)
            return str(told[-1].get("code", "stayed"))

        def staying() -> int:
            """Those who have been told that they have joined, and not that they may not stay."""
            return sum(bool(told) and "code" not in told[-1] for _, told in there)

        there: list[tuple[websockets.ClientConnection, list[Message]]] = []
        tasks = [asyncio.create_task(hurry()) for _ in range(25)]
        await eventually(
            lambda: [
                stage.state(of)["listenerCount"],
                sum(not each.done() for each in tasks),
                staying(),
            ],
            [5, 5, 5],
        )
        for socket, _ in there:
            await socket.close()
        last_words = Counter(await asyncio.gather(*tasks))
        assert last_words.keys() <= {"503", "SESSION_FULL", "stayed"}
        assert last_words["stayed"] == 5
        await eventually(lambda: stage.state(of)["listenerCount"], 0)


def test_a_budget_that_is_spent_leaves_the_speaker_s_own_words(stage: Stage) -> None:
    asyncio.run(spend_a_budget(stage))


async def spend_a_budget(stage: Stage) -> None:
    async with talk(stage) as running:
        running.session = open_session(stage, characterBudget=len(PAID))
        speaker = await running.join_speaker()
        listener = await running.join("pt")
        paid = await running.say_translated(speaker, PAID)
        assert "overBudget" not in paid["languages"]["pt"]
        spent = await running.say(speaker, SPENT)
        assert spent["languages"]["pt"]["overBudget"] is True
        await listener.expect("caption", sequence=1)
        caption = await listener.expect("caption", sequence=running.sequence)
        assert (caption["text"], caption["untranslated"]) == (SPENT, True)
        # The cache is written after the report: it may take a try more until it is there.
        for _ in range(TRIES):
            again = await running.say(speaker, PAID)
            if again["languages"]["pt"]["cached"]:
                return
        raise AssertionError("what was paid for once is not in the cache")


def test_a_text_that_is_said_too_fast_is_said_all_the_same(strict: Stage) -> None:
    text = "\n".join(f"This is number {number}." for number in range(1, 26))
    said = subprocess.run(  # noqa: S603 - the project's own command
        [sys.executable, "-m", "infra.local.say", "--http", strict.http, "--to", "en", "-"],
        cwd=PROJECT,
        input=text,
        capture_output=True,
        text=True,
        timeout=3 * PATIENCE,
        check=False,
    )
    assert (said.returncode, said.stderr) == (0, "")
    assert "captions expected 25  received 25" in said.stdout


def test_a_flood_of_handshakes_from_one_address_gets_a_minute_s_share(strict: Stage) -> None:
    address = strict.open_session().address(targetLanguage="pt")

    async def flood() -> list[int]:
        return await asyncio.gather(*(status(address) for _ in range(100)))

    answers = Counter(asyncio.run(flood()))
    assert answers.keys() == {101, 429}
    # A minute may have begun in the middle of it, and the test before has joined once.
    assert 9 <= answers[101] <= 20


def test_who_was_there_comes_back_while_newcomers_wait(strict: Stage) -> None:
    asyncio.run(come_back(strict))


async def come_back(stage: Stage) -> None:
    address = stage.open_session().address(targetLanguage="pt")
    token = ""
    while not token:
        try:
            async with websockets.connect(address, proxy=None) as socket:
                token = json.loads(await socket.recv())["resumeToken"]
        except websockets.InvalidStatus:  # the tests before have spent this minute's newcomers
            await asyncio.sleep(1)
    while await status(address) != 429:
        pass
    assert await statuses(f"{address}&resumeToken={token}&lastSequence=0", [None] * 5) == [101] * 5


def test_codes_and_names_are_guessed_ten_times_a_minute(strict: Stage) -> None:
    names = [f"/sessions/golden-eagle-{number}" for number in range(100, 140)]
    answers = Counter(strict.request("GET", name).status for name in names)
    assert answers.keys() == {404, 429}
    # A minute may have begun in the middle of it.
    assert answers[404] <= 20


def test_a_speaker_who_hurries_is_told_when_to_go_on(strict: Stage) -> None:
    asyncio.run(hurry(strict))


async def hurry(stage: Stage) -> None:
    session = stage.open_session()
    async with websockets.connect(session.address(token=session.token), proxy=None) as speaker:
        for sequence in range(1, 41):
            message = {"action": "speak", "sequence": sequence, "text": "Hello."}
            await speaker.send(json.dumps(message))
        await speaker.send('{"action":"heartbeat"}')
        answers = []
        while (answer := json.loads(await speaker.recv()))["type"] != "heartbeatAck":
            answers.append(answer)
    kinds = Counter(each.get("code", each["type"]) for each in answers)
    assert kinds["RATE_LIMITED"] + kinds["spoken"] == 40
    assert kinds["RATE_LIMITED"] > 0
    assert kinds["spoken"] >= 5
    refused = [each for each in answers if each.get("code") == "RATE_LIMITED"]
    assert all(0 < each["retryAfterMs"] <= 10_000 for each in refused)


def test_an_overlays_switch_that_is_clicked_like_mad_reaches_few(strict: Stage) -> None:
    async def scenario() -> Counter[str]:
        session = strict.open_session()
        async with websockets.connect(session.address(token=session.token), proxy=None) as speaker:
            for number in range(40):
                message = {"action": "overlays", "hidden": number % 2 == 0}
                await speaker.send(json.dumps(message))
            await speaker.send('{"action":"heartbeat"}')
            kinds: Counter[str] = Counter()
            while (answer := json.loads(await speaker.recv()))["type"] != "heartbeatAck":
                kinds[answer.get("code", answer["type"])] += 1
            return kinds

    kinds = asyncio.run(scenario())
    assert kinds["RATE_LIMITED"] > 0
    assert kinds["overlays"] > 0
    assert kinds["RATE_LIMITED"] + kinds["overlays"] == 40
