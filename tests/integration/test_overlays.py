"""The switch of the overlays on the real stage: everybody is told, and whoever comes later."""

import asyncio

from tests.integration.client import Stage, talk


def test_the_switch_reaches_every_listener_and_those_who_come_later(stage: Stage) -> None:
    async def scenario() -> None:
        async with talk(stage) as at:
            speaker = await at.join_speaker()
            here = await at.join_all(["en", "pt"])
            assert "overlaysHidden" not in here[0].of("joined")[0]
            await speaker.send("overlays", hidden=True)
            for each in (*here, speaker):
                await each.expect("overlays", hidden=True)
            late = await at.join("pt")
            assert late.of("joined")[0]["overlaysHidden"] is True
            await late.send("status")
            assert (await late.expect("sessionStatus"))["overlaysHidden"] is True
            await speaker.send("overlays", hidden=False)
            for each in (*here, late, speaker):
                await each.expect("overlays", hidden=False)
            assert "overlaysHidden" not in stage.state(at.session)
            last = await at.join("en")
            assert "overlaysHidden" not in last.of("joined")[0]

    asyncio.run(scenario())


def test_a_listener_does_not_switch_them(stage: Stage) -> None:
    async def scenario() -> None:
        async with talk(stage) as at:
            listener = await at.join("en")
            await listener.send("overlays", hidden=True)
            assert (await listener.expect("error"))["code"] == "NOT_SPEAKER"
            assert listener.of("overlays") == []

    asyncio.run(scenario())
