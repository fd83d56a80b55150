"""The event report of the real stage: what the speaker was told of each sentence, added up."""

import asyncio
import csv
import io
from collections import Counter
from collections.abc import Mapping

from tests.integration.client import PATIENCE, Answer, Message, Session, Stage, eventually, talk

COUNTS = ("listeners", "delivered", "gone", "dropped")


def ask(
    stage: Stage, session: Session, query: str = "?format=json", token: str | None = None
) -> Answer:
    bearer = {"Authorization": f"Bearer {token or session.token}"}
    return stage.request("GET", f"/sessions/{session.session_id}/report{query}", headers=bearer)


def sums(spoken: list[Message]) -> Mapping[str, int]:
    """What the speaker's `spoken` messages add up to."""
    told: Counter[str] = Counter(dict.fromkeys((*COUNTS, "failed"), 0))
    for message in spoken:
        for each in message["languages"].values():
            told.update({name: each[name] for name in COUNTS})
            told["failed"] += each["listeners"] - sum(each[name] for name in COUNTS[1:])
    return told


def test_the_report_adds_up_what_the_speaker_was_told(stage: Stage, languages: list[str]) -> None:
    async def held() -> tuple[Session, list[Message], Answer]:
        async with talk(stage) as at:
            speaker = await at.join_speaker()
            spoken = [await at.say(speaker, "Nobody is here yet.")]
            await at.join_all(["pt", "pt", "en"])
            await eventually(lambda: stage.counts(at.session)[0], 3)
            spoken.append(await at.say(speaker, "Good morning to the three of you."))
            await at.join_all(["en"])
            await eventually(lambda: stage.counts(at.session)[0], 4)
            spoken.append(await at.say(speaker, "And to the fourth."))
            return at.session, spoken, await asyncio.to_thread(ask, stage, at.session)

    session, spoken, answer = asyncio.run(held())
    assert answer.status == 200, answer
    report = answer.json
    assert report["totals"] == sums(spoken)
    assert report["totals"]["listeners"] == 3 + 4
    assert [each["languages"] for each in report["listeners"]] == [
        {},
        {"en": 1, "pt": 2},
        {"en": 2, "pt": 2},
    ]
    assert {row["language"] for row in report["sentences"]} == {"en", "pt"}
    assert all(0 <= row["latencyMs"] < PATIENCE * 1000 for row in report["sentences"])
    assert (report["endedAt"], report["figures"]["sentences"]) == (None, 3)
    written = ask(stage, session, "?format=csv")
    rows = list(csv.DictReader(io.StringIO(written.body.decode())))
    assert sum(int(row["delivered"]) for row in rows) == report["totals"]["delivered"]
    disposition = f'attachment; filename="{session.session_id}-report.csv"'
    assert written.headers["Content-Disposition"] == disposition
    assert written.headers["Cache-Control"] == "no-store"
    ended = ask(stage, session).json
    assert ended["endedAt"] >= report["asOf"]
    assert ended["sentences"] == report["sentences"]


def test_a_talk_without_a_word_has_no_report(stage: Stage) -> None:
    session = stage.open_session()
    answer = ask(stage, session)
    assert (answer.status, answer.json["code"]) == (404, "SEQUENCE_NOT_KEPT")


def test_a_foreign_token_an_unknown_format_and_no_token(stage: Stage) -> None:
    session = stage.open_session()
    assert ask(stage, session, token="x" * 43).status == 401
    assert ask(stage, session, "?format=pdf").json["code"] == "BAD_MESSAGE"
    without = stage.request("GET", f"/sessions/{session.session_id}/report")
    assert (without.status, without.json["code"]) == (401, "NOT_SPEAKER")
