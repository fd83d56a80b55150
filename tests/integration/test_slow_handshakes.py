"""Nobody misses what is said while a handshake is not over, and API Gateway answers 410."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.integration.client import Stage, eventually, loopback_client, running_stage, talk


@pytest.fixture(scope="module")
def slow_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    log = tmp_path_factory.mktemp("slow") / "stderr.log"
    with running_stage(log, module="tests.integration.slow_handshakes_stage") as stage:
        yield stage


def rows(stage: Stage) -> int:
    """How many listeners' rows there are."""
    with loopback_client("dynamodb", stage.dynamodb) as dynamodb:
        found = dynamodb.scan(TableName="Connections-local", ConsistentRead=True)["Items"]
    return sum("targetLanguage" in row for row in found)


def test_a_newcomer_hears_the_first_sentence_that_is_said_during_the_handshake(
    slow_stage: Stage,
) -> None:
    async def scenario() -> None:
        async with talk(slow_stage) as at:
            speaker = await at.join_speaker()
            before = rows(slow_stage)
            entering = asyncio.create_task(at.enter(targetLanguage="pt"))
            await eventually(lambda: rows(slow_stage), before + 1)
            for text in ("The first sentence.", "The second sentence."):
                await at.say(speaker, text)
            listener = await entering
            await listener.expect("caption", sequence=2)
            assert [each["type"] for each in listener.received] == ["joined", *["caption"] * 2]
            assert listener.sequences() == [1, 2]
            await speaker.expect("roster", listenerCount=1)
            report = await at.say(speaker, "The third sentence.")
            assert report["languages"]["pt"]["delivered"] == 1
            await listener.expect("caption", sequence=3)
            assert listener.sequences() == [1, 2, 3]

    asyncio.run(scenario())


def test_one_who_returns_by_a_slow_handshake_gets_what_it_missed_and_nothing_twice(
    slow_stage: Stage,
) -> None:
    async def scenario() -> None:
        async with talk(slow_stage) as at:
            speaker = await at.join_speaker()
            for text in ("One thing.", "Another thing.", "A third thing."):
                await at.say(speaker, text)
            before = rows(slow_stage)
            entering = asyncio.create_task(at.enter(targetLanguage="pt", lastSequence=1))
            await eventually(lambda: rows(slow_stage), before + 1)
            await at.say(speaker, "A fourth thing.")
            listener = await entering
            await listener.expect("caption", sequence=4)
            await speaker.expect("roster", listenerCount=1)
            await at.say(speaker, "A fifth thing.")
            await listener.expect("caption", sequence=5)
            assert [each["type"] for each in listener.received] == ["joined", *["caption"] * 4]
            assert listener.sequences() == [2, 3, 4, 5]

    asyncio.run(scenario())
