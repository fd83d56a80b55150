"""Everything that people, streams and schedules do to a stage, each by its own function."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import chain, repeat
from typing import Any

from chalice.test import Client

import app as functions
from chalice_app.aws.dynamodb.rosters import TOMBSTONE_SECONDS
from infra.deployment.stage_names import PROJECT
from streams import broadcast as broadcast_function
from streams import cache_access, cache_eviction, rosters, transcript, voice
from tests.fakes.world import SETTINGS
from tests.unit.chalice_app.aws.posting.scripted_gateway import answer
from tests.unit.infra.deployment.recorded_calls import Recorder

GONE, HERE = answer(410), answer(200)
HALL = {"slice_listeners": 1}
"""Settings under which any two listeners are a hall too large for one function."""


@dataclass(frozen=True)
class Scenario:
    """Acts upon a stage in moto; `dynamodb` reaches behind the functions' backs."""

    recorder: Recorder
    dynamodb: Any

    def play(self) -> None:
        """All of it."""
        name, token = self._open()
        self._arrive(name, token)
        self._speak(name)
        self._come_back(name)
        self._send_batch()
        self._speak_aloud()
        self._export(name, token)
        self._count_the_cache()
        self._drift(name)
        self._leave(name, token)
        self._keep_nothing()
        self._purge(name, token)

    def _open(self) -> tuple[str, str]:
        opened = self._http("POST", "/sessions", json.dumps({"sourceLanguage": "en"}))
        self._http("GET", f"/sessions/{opened['sessionId']}")
        self._http("GET", "/languages")
        self._http("GET", "/ops/state")
        bearer = {"Authorization": f"Bearer {opened['speakerToken']}"}
        glossary = f"/sessions/{opened['sessionId']}/glossary"
        self._http("PUT", glossary, json.dumps({"blocked": ["darn"]}), bearer)
        self._http("GET", glossary, headers=bearer)
        dictation = f"/sessions/{opened['sessionId']}/transcription"
        self._http("POST", dictation, json.dumps({"sampleRate": 16_000}), bearer)
        self._http("DELETE", dictation, headers=bearer)
        return opened["sessionId"], opened["speakerToken"]

    def _arrive(self, name: str, token: str) -> None:
        self._connect("former", sessionId=name, token=token)
        self.recorder.gateway.scripts["former"] = [GONE, HERE]
        self._connect("speaker", sessionId=name, token=token)
        for listener in ("c1", "c2", "c3"):
            self._connect(listener, sessionId=name, targetLanguage="es")
        for listener in ("v1", "v2"):
            self._connect(listener, sessionId=name, targetLanguage="es", voice="true")
        # Its handshake is not over when the stream is there already: 410 once.
        self.recorder.gateway.scripts["c1"] = [GONE, HERE]
        self._rosters("speaker", "c1", "c2", "c3", "v1", "v2")

    def _speak(self, name: str) -> None:
        with self.recorder.function("websocket_message"):
            self.recorder.gateway.scripts["c3"] = [GONE]
            self._message("speaker", "speak", sequence=1, text="Hello")
            self._message("speaker", "speak", sequence=2, text="Hello")  # a hit
            self._message("c2", "changeLanguage", targetLanguage="pt")
            self._message("c2", "changeLanguage", targetLanguage="es")
            self._message("c2", "status")
            self._message("speaker", "overlays", hidden=True)
        with self.recorder.function("websocket_message", **HALL):
            self._message("speaker", "speak", sequence=3, text="Hello again")
        self._crowd(name)
        with self.recorder.function("websocket_message"):
            self._message("speaker", "speak", sequence=99, text="One too many")

    def _crowd(self, name: str) -> None:
        """So many sentences are on their way that the next is refused."""
        session = self._row("Sessions", {"sessionId": {"S": name}})
        row = f"{name}#{session['createdAt']['N']}#under-way"
        now = {"N": str(round(time.time() * 1000))}
        marks = {f"at.{number}": now for number in range(100, 120)}
        self.dynamodb.put_item(TableName="Sessions-test", Item={"sessionId": {"S": row}, **marks})

    def _come_back(self, name: str) -> None:
        for connection_id in ("c4", "c5"):
            self._connect(connection_id, sessionId=name, targetLanguage="es", lastSequence="0")
            self._rosters(connection_id)
        self._connect("c6", sessionId=name, targetLanguage="pt", lastSequence="0")
        self.recorder.gateway.scripts["c6"] = [HERE, GONE, HERE]
        self._rosters("c6")  # in a language that nobody has heard yet: translated, cached
        self._connect("c7", sessionId=name, targetLanguage="pt", lastSequence="0")
        self.recorder.gateway.scripts["c7"] = [GONE]
        self._rosters("c7")  # whose handshake goes on: put off

    def _send_batch(self) -> None:
        self.recorder.gateway.scripts["c2"] = [GONE]
        for payload in self.recorder.payloads["broadcast"]:
            with self.recorder.function("broadcast"):
                broadcast_function.handler(json.loads(payload), None)
        del self.recorder.gateway.scripts["c2"]

    def _speak_aloud(self) -> None:
        """The first sentence to one who has gone, the others to a session that has spent all."""
        payloads = self.recorder.payloads["voice"]
        assert payloads
        self.recorder.gateway.scripts["v1"] = [GONE]
        for payload, most in zip(payloads, chain([0], repeat(1)), strict=False):
            limits = replace(SETTINGS.limits, voice_budget=most)
            with self.recorder.function("voice", limits=limits):
                voice.handler(json.loads(payload), None)

    def _export(self, name: str, token: str) -> None:
        """In time, too late, and too large for an answer: then there is a file to be purged."""
        bearer = {"Authorization": f"Bearer {token}"}
        path = f"/sessions/{name}/transcript?format=txt"
        self._http("GET", f"{path}&language=fr", headers=bearer)
        cached = json.dumps({"sentences": ["Hello"], "languages": ["de"]})
        self._http("POST", f"/sessions/{name}/preparation", cached, bearer)
        with self.recorder.function("api_handler") as application:
            late = replace(application.transcripts, seconds=0.0)
            small = replace(application.transcript_files, most_bytes=1)
            vars(application)["transcripts"] = replace(late, files=small)
            with Client(functions.app, project_dir=str(PROJECT)) as client:
                two = f"{path}&language=en-GB&with=de"
                assert client.http.get(two, headers=bearer).status_code == 202
                assert client.http.get(path, headers=bearer).status_code == 303
        assert self.recorder.payloads["transcript"]
        for payload in self.recorder.payloads["transcript"]:
            with self.recorder.function("transcript"):
                transcript.handler(json.loads(payload), None)

    def _count_the_cache(self) -> None:
        unreadable = {"cacheKey": {"S": "hit#poisoned#1"}, "hits": {"B": b"?"}}
        self.dynamodb.put_item(TableName="CachedTranslations-test", Item=unreadable)
        rows = self.dynamodb.scan(TableName="CachedTranslations-test")["Items"]
        # The stream's images are left out: handlers that count take records for hints alone.
        records = [_inserted({"cacheKey": row["cacheKey"]}) for row in rows]
        with self.recorder.function("cache_access", max_cache_entries=2):
            handled = cache_access.handler({"Records": records}, None)
            assert handled == {"batchItemFailures": []}
        with self.recorder.function("cache_eviction", max_cache_entries=1):
            cache_eviction.handler(_scheduled(), None)

    def _drift(self, name: str) -> None:
        self.dynamodb.update_item(
            TableName="Sessions-test",
            Key={"sessionId": {"S": name}},
            UpdateExpression="ADD listenerCount :two",
            ExpressionAttributeValues={":two": {"N": "2"}},
        )
        self._connect("uncounted", sessionId=name, targetLanguage="es")
        self.dynamodb.update_item(
            TableName="Connections-test",
            Key={"connectionId": {"S": "c4"}},
            UpdateExpression="SET #ttl = :past",
            ExpressionAttributeNames={"#ttl": "ttl"},
            ExpressionAttributeValues={":past": {"N": "1"}},
        )
        for connection in ("c5", "uncounted"):
            earlier = str(round(time.time() * 1000) - 60_000)
            self.dynamodb.update_item(
                TableName="Connections-test",
                Key={"connectionId": {"S": connection}},
                UpdateExpression="SET connectedAt = :earlier",
                ExpressionAttributeValues={":earlier": {"N": earlier}},
            )
        self._connect("forgotten", sessionId=name, targetLanguage="es")
        self.dynamodb.update_item(
            TableName="Connections-test",
            Key={"connectionId": {"S": "forgotten"}},
            # Of a session of that name that is no more: its end has not closed it.
            UpdateExpression="SET connectedAt = :earlier, sessionEpoch = :one",
            ExpressionAttributeValues={
                ":earlier": {"N": str(round(time.time() * 1000) - 60_000)},
                ":one": {"N": "1"},
            },
        )
        tombstone = {"state": {"S": "OUT"}, "v": {"N": "0"}, "ttl": {"N": str(TOMBSTONE_SECONDS)}}
        key = {"sessionKey": {"S": f"{name}#1#0"}, "connectionId": {"S": "left long ago"}}
        self.dynamodb.put_item(TableName="SessionRosters-test", Item={**key, **tombstone})
        with self.recorder.function("reconcile") as application:
            # The handler would wait between its two looks.
            replace(application.reconciler, wait=lambda _: None).reconcile()

    def _leave(self, name: str, token: str) -> None:
        self._connect("late", sessionId=name, targetLanguage="es")
        with self.recorder.function("websocket_message"):
            self._message("speaker", "end")
        self._rosters("late")
        self._end_another()
        for connection_id in ("c5", "speaker"):
            with self.recorder.function("websocket_disconnect"):
                functions.disconnect(_event(connection_id), None)
        bearer = {"Authorization": f"Bearer {token}"}
        self._http("DELETE", f"/sessions/{name}?purge=true", headers=bearer)

    def _end_another(self) -> None:
        """A second session, ended over HTTP, with a listener that has gone unnoticed."""
        opened = self._http("POST", "/sessions", json.dumps({"sourceLanguage": "en"}))
        self._connect("d1", sessionId=opened["sessionId"], targetLanguage="es")
        self.recorder.gateway.scripts["d1"] = [GONE]
        bearer = {"Authorization": f"Bearer {opened['speakerToken']}"}
        self._prepare(opened["sessionId"], bearer)
        self._http("DELETE", f"/sessions/{opened['sessionId']}", headers=bearer)

    def _keep_nothing(self) -> None:
        """A session whose words go with its end."""
        wanted = {"sourceLanguage": "en", "retentionHours": 0}
        opened = self._http("POST", "/sessions", json.dumps(wanted))
        self._connect("brief", sessionId=opened["sessionId"], token=opened["speakerToken"])
        with self.recorder.function("websocket_message"):
            self._message("brief", "speak", sequence=1, text="Hello")
            self._message("brief", "end")

    def _purge(self, name: str, token: str) -> None:
        bearer = {"Authorization": f"Bearer {token}"}
        self._http("DELETE", f"/sessions/{name}?purge=true", headers=bearer)

    def _prepare(self, name: str, bearer: Mapping[str, str]) -> None:
        """A new sentence, and then a cache hit."""
        for languages in (["es"], ["es", "pt"]):
            body = json.dumps({"sentences": ["Good evening"], "languages": languages})
            self._http("POST", f"/sessions/{name}/preparation", body, bearer)

    def _http(
        self, method: str, path: str, body: str = "", headers: Mapping[str, str] | None = None
    ) -> Any:
        given = {"Content-Type": "application/json", **(headers or {})}
        with (
            self.recorder.function("api_handler"),
            Client(functions.app, project_dir=str(PROJECT)) as client,
        ):
            answered = client.http.request(method, path, headers=given, body=body.encode())
        assert answered.status_code < 300, answered.body
        return answered.json_body if answered.body else None

    def _connect(self, connection_id: str, **query: str) -> None:
        with self.recorder.function("websocket_connect"):
            event = _event(connection_id, queryStringParameters=query)
            assert functions.connect(event, None) == {"statusCode": 200}

    def _message(self, connection_id: str, action: str, **fields: Any) -> None:
        body = json.dumps({"action": action, **fields})
        functions.message(_event(connection_id, body=body), None)

    def _rosters(self, *connection_ids: str) -> None:
        keys = [{"connectionId": {"S": each}} for each in connection_ids]
        records = [_inserted(key, self._row("Connections", key)) for key in keys]
        with self.recorder.function("rosters"):
            assert rosters.handler({"Records": records}, None) == {"batchItemFailures": []}

    def _row(self, table: str, key: Mapping[str, Any]) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.dynamodb.get_item(TableName=f"{table}-test", Key=key)
        row: Mapping[str, Any] = found["Item"]
        return row


def _event(connection_id: str, **more: object) -> dict[str, Any]:
    context = {
        "connectionId": connection_id,
        "requestId": "request",
        "requestTimeEpoch": round(time.time() * 1000),
        "domainName": "abc123.execute-api.us-east-1.amazonaws.com",
        "stage": "api",
        "apiId": "abc123",
    }
    return {"requestContext": context, "isBase64Encoded": False, **more}


def _inserted(keys: Mapping[str, Any], image: Mapping[str, Any] | None = None) -> dict[str, Any]:
    change = {"SequenceNumber": "1", "Keys": keys}
    return {"eventName": "INSERT", "dynamodb": change | ({"NewImage": image} if image else {})}


def _scheduled() -> dict[str, Any]:
    names = ("version", "account", "region", "detail", "detail-type", "source", "time", "id")
    return {**dict.fromkeys(names, ""), "resources": []}
