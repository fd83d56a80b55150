"""What the speaker corrects or retracts, everybody reads, also those who were away or come late."""

import asyncio

from tests.integration.client import Stage, talk


def test_corrections_reach_those_who_are_there_were_away_and_come_late(stage: Stage) -> None:
    async def scenario() -> None:
        async with talk(stage) as at:
            speaker = await at.join_speaker()
            spanish, english, leaver = await at.join_all(["es", "en", "en"])
            # Until then a roster of two may be on its way from when they came.
            await speaker.expect("roster", listenerCount=3)
            for text in ("Good mourning.", "This was a mistake.", "Welcome."):
                await at.say(speaker, text)
            await leaver.expect("caption", sequence=3)
            await leaver.socket.close()
            await speaker.expect("roster", listenerCount=2)

            report = await at.correct(speaker, 1, "Good morning.")
            assert report["revision"] == 1
            assert {code: line["delivered"] for code, line in report["languages"].items()} == {
                "es": 1,
                "en": 1,
            }
            told = await english.expect("caption", sequence=1, revision=1)
            assert told["text"] == "Good morning."
            translated = await spanish.expect("caption", sequence=1, revision=1)
            first = spanish.of("caption")[0]
            assert (translated["language"], translated["spokenAt"]) == ("es", first["spokenAt"])

            report = await at.correct(speaker, 2, "")
            assert report["revision"] == 1
            for each in (spanish, english):
                gone = await each.expect("retracted", sequence=2)
                assert gone == {"type": "retracted", "sequence": 2}

            late = await at.join("en")
            await late.expect("caption", sequence=3)
            assert [(c["sequence"], c["text"]) for c in late.of("caption")] == [
                (1, "Good morning."),
                (3, "Welcome."),
            ]
            back = await at.join("en", lastSequence=3)
            await back.expect("caption", sequence=1, revision=1)
            await back.expect("retracted", sequence=2)

            await speaker.send("correct", sequence=9, text="Hello")
            refused = await speaker.expect("error", code="SEQUENCE_NOT_KEPT")
            assert refused["details"]["sequence"] == 9
            await speaker.send("correct", sequence=2, text="It is back.")
            await speaker.expect("error", code="SEQUENCE_NOT_KEPT")
            await english.send("correct", sequence=1, text="Mine")
            refused = await english.expect("error", code="NOT_SPEAKER")
            assert refused["details"]["sequence"] == 1
            await english.settle()
            assert [c.get("revision") for c in english.of("caption")] == [None, None, None, 1]

    asyncio.run(scenario())
