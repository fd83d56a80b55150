"""The world of a delivery run: tables and stream, sockets, and all that is under way."""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError

from chalice_app.aws.dynamodb.rosters import ledger_key_from
from chalice_app.domain.errors import BadMessage, SequenceNotKept, SessionNotFound
from chalice_app.domain.sentence import CAPTION_LIFE_MS, Sentence
from chalice_app.rosters.ledger import SessionKey
from chalice_app.speech.large_halls import BatchInProgress, RecipientBatch
from chalice_app.wire.attribute_values import decode
from chalice_app.wire.incoming import JoinAsListener, JoinAsSpeaker
from streams.batch import handle_batch
from tests.simulation.database import Answer, Request, SimulatedDatabase
from tests.simulation.delivery import invariants, keeping
from tests.simulation.delivery.record import Listener, Spoken
from tests.simulation.delivery.sockets import GONE, SENT, Socket
from tests.simulation.delivery.stage import VoiceInvoker
from tests.simulation.designs import Design
from tests.simulation.expressions import Item
from tests.simulation.invocation import Event, Invocation, Response
from tests.simulation.network import Fault
from tests.simulation.world import World

TOKEN = "the speaker's"
_SECOND_TRY_MS = 60_000
"""Lambda tries an asynchronous invocation that failed once more, about a minute later."""

_TRIES = 2
_UNANSWERED = (Fault.LOST_RESPONSE, Fault.SENT_TWICE, Fault.OVERTAKEN)
"""Faults that lose the answer of a request to a socket or to Lambda: it is done."""

_DONE: Response = {}


@dataclass
class Slice:
    """A slice of a large hall that waits for an invocation, not before `due` (ms)."""

    payload: str
    spoken: Spoken
    due: int
    tries: int = 0
    has_begun: bool = False


class Doing:
    """What an invocation is there for, and the way of its calls (`network.Way`)."""

    def __init__(self, hall: "Hall", spoken: Spoken | None = None) -> None:
        self.hall = hall
        self.spoken = spoken
        self.repeats = False

    def call(self, method: str, request: Request, fault: Fault | None) -> Answer:
        """Makes a call: of the database by the network, of all else by the hall."""
        hall = self.hall
        hall.step += 1
        hall.doing, outer = self, hall.doing
        try:
            made = _CALLS.get(method)
            if made is not None:
                return made(hall, self, request, fault)
            self._note_trouble(method, request, fault)
            answer = hall.network.call(method, request, fault)
        except (ClientError, ReadTimeoutError) as error:
            self._note_failure(method, request, error)
            raise
        else:
            if self.spoken is not None and method == "update_item":
                self._note_sequence(self.spoken, request)
            return answer
        finally:
            hall.doing = outer

    def _note_trouble(self, method: str, request: Request, fault: Fault | None) -> None:
        is_write = method in ("put_item", "update_item", "delete_item")
        if self.spoken is not None and fault is not None and is_write:
            key = request.get("Key") or request["Item"]
            self.spoken.is_unkept |= not key.get("sessionId", {"S": ""})["S"].count("#")

    def _note_failure(self, method: str, request: Request, error: Exception) -> None:
        if self.spoken is None or method != "update_item":
            return
        is_answer = "ConditionalCheckFailed" in str(error)
        failed = not is_answer or not self.hall.exists(self.spoken.session)
        self._note_sequence(self.spoken, request, failed=failed)
        if request["Key"].get("sessionId", {"S": ""})["S"].endswith("#tally"):
            self.spoken.has_lost = True

    def _note_sequence(self, spoken: Spoken, request: Request, *, failed: bool = False) -> None:
        """Whether a later sentence was first, once this one's number has been noted."""
        if "lastSequence" in request["UpdateExpression"]:
            last = self.hall.last_sequence(spoken.session[0])
            spoken.is_noted = True
            spoken.is_overtaken = last > spoken.sequence
            spoken.is_unsure = failed
            spoken.is_unnoted = failed and last <= spoken.sequence


@dataclass
class Activity:
    """An invocation besides those of the stream; `then` is called when it has ended or died."""

    invocation: Invocation
    doing: Doing
    then: Callable[["Activity"], None]
    is_dead: bool = False


class Hall(World):
    """The world of a delivery run.

    `slice_listeners` and `is_late` are as the stage takes them; every index is `lag_ms` behind.
    `unclosed` are connections whose closing failed or met a handshake, `unended` sessions whose end
    failed. `purges` are sessions whose purge has begun, `purged` those whose purge came to its end.
    """

    def __init__(
        self,
        design: Design,
        shards: int,
        slice_listeners: int,
        lag_ms: int,
        is_late: bool,
        trace: list[str] | None = None,
    ) -> None:
        self.step = 0
        self._changes_of_counts = 0
        self.doing: Doing | None = None
        self.sockets: dict[str, Socket] = {}
        self.listeners: dict[str, Listener] = {}
        self.spoken: list[Spoken] = []
        self.corrected: list[Spoken] = []
        self.unclosed: set[str] = set()
        self.unended: set[str] = set()
        self.purges: set[SessionKey] = set()
        self.purged: set[SessionKey] = set()
        self.speakers: defaultdict[str, list[str]] = defaultdict(list)
        self.under_way: list[Activity] = []
        self.slices: list[Slice] = []
        super().__init__(design, shards, trace)
        self.database.lag_ms = lag_ms
        self.stage = design.stage.over(
            self.tables, self.client, self.clock, slice_listeners, is_late
        )
        invoker = self.stage.adapters.voice_invoker
        if isinstance(invoker, VoiceInvoker):
            invoker.asked = partial(invariants.check_voices, self)

    def last_sequence(self, session_id: str) -> int:
        """What a session's row says now; 0 where there is none."""
        row = self.database.sessions.rows.get(session_id)
        return 0 if row is None else int(row["lastSequence"]["N"])

    def exists(self, session: SessionKey) -> bool:
        """Whether a session's row is there."""
        row = self.database.sessions.rows.get(session[0])
        return row is not None and int(row["createdAt"]["N"]) == session[1]

    def is_open(self, session: SessionKey) -> bool:
        """Whether a session's row is there and says that it has not ended."""
        return self.exists(session) and bool(
            self.database.sessions.rows[session[0]]["isActive"]["BOOL"]
        )

    def is_connected(self, connection: str) -> bool:
        """Whether a connection's socket is open now."""
        socket = self.sockets.get(connection)
        return socket is not None and socket.is_open(self.clock.milliseconds)

    # --- What begins ---------------------------------------------------------------------------

    def begin(
        self,
        act: Callable[[], object],
        then: Callable[[Activity], None] | None = None,
        spoken: Spoken | None = None,
    ) -> Activity:
        """An invocation of a route, which has made no call yet."""

        def handle(_: Event) -> Response:
            act()
            return _DONE

        doing = Doing(self, spoken)
        self._invocations += 1
        invocation = self._begun({}, handle, doing)
        activity = Activity(invocation, doing, then or _nothing)
        self.under_way.append(activity)
        return activity

    def go_on(
        self, activity: Activity, calls: int, fault: Fault | None = None, struck: int = 1
    ) -> None:
        """Makes so many more of its calls."""
        activity.invocation.go_on(calls, fault, struck)
        if activity.invocation.ended:
            self.under_way.remove(activity)
            activity.then(activity)

    def crash(self, activity: Activity) -> None:
        """It dies before its next call."""
        activity.invocation.crash()
        activity.is_dead = True
        self.under_way.remove(activity)
        activity.then(activity)

    def connect(
        self, connection: str, handshake_ms: int, join: JoinAsListener | JoinAsSpeaker
    ) -> Activity:
        """A handshake: API Gateway calls `$connect`, and opens the socket if it answers well."""
        opens_at = self.clock.milliseconds + handshake_ms

        def act() -> None:
            if isinstance(join, JoinAsListener):
                self.stage.joining.join_as_listener(join, connection)
            else:
                self.stage.joining.join_as_speaker(join, connection)

        def then(done: Activity) -> None:
            socket = self.sockets[connection]
            refused = socket.is_refused(self.clock.milliseconds)
            if done.is_dead or done.invocation.failed or refused:
                self._close(connection)
            else:
                socket.opens_at = max(opens_at, self.clock.milliseconds)

        self.sockets[connection] = Socket(self.clock.milliseconds)
        return self.begin(act, then)

    def disconnect(self, connection: str) -> Activity:
        """A socket closes, and API Gateway calls `$disconnect`."""
        self._close(connection)
        return self.begin(partial(self.stage.participants.leave, connection))

    def vanish(self, connection: str) -> None:
        """A socket closes, and nobody is called."""
        self._close(connection)

    def speak(self, session_id: str, connection: str, sequence: int) -> Activity | None:
        """The speaker's client sends a sentence."""
        row = self.database.sessions.rows.get(session_id)
        if row is None or not self.is_connected(connection):
            return None
        epoch = int(row["createdAt"]["N"])
        now = self.clock.milliseconds
        text = f"{session_id}#{epoch}#{sequence}"
        spoken = Spoken((session_id, epoch), sequence, text, now, connection)
        self.spoken.append(spoken)

        def act() -> None:
            session = self.stage.participants.spoken_by(connection)
            sentence = Sentence(sequence, text, session.source_language, now)
            try:
                self.stage.speech.speak(session, connection, sentence)
            except SessionNotFound:
                spoken.is_refused = True
                raise

        def then(done: Activity) -> None:
            spoken.is_dead = done.is_dead or done.invocation.failed

        return self.begin(act, then, spoken)

    def correct(
        self, session_id: str, connection: str, sequence: int, text: str
    ) -> Activity | None:
        """The speaker's client corrects a sentence, or retracts it."""
        row = self.database.sessions.rows.get(session_id)
        if row is None or not self.is_connected(connection):
            return None
        epoch, now = int(row["createdAt"]["N"]), self.clock.milliseconds
        # Each correction has words of its own.
        said = f"{session_id}#{epoch}#{sequence} {text} {len(self.corrected)}" if text else ""
        spoken = Spoken((session_id, epoch), sequence, said, now, connection, corrects=True)
        self.corrected.append(spoken)

        def act() -> None:
            session = self.stage.participants.spoken_by(connection)
            try:
                self.stage.corrections.correct(session, connection, sequence, said, now)
            except SequenceNotKept:
                return
            except BadMessage:
                spoken.has_lost = True  # a late copy of the write may yet arrive

        def then(done: Activity) -> None:
            spoken.is_dead = done.is_dead or done.invocation.failed

        return self.begin(act, then, spoken)

    def end(self, session_id: str, connection: str) -> Activity:
        """The speaker's client ends the session."""
        to = self.stage

        def then(done: Activity) -> None:
            if done.is_dead or done.invocation.failed:
                self.unended.add(session_id)

        return self.begin(lambda: to.sessions.end(to.participants.spoken_by(connection)), then)

    def purge(self, session_id: str) -> Activity | None:
        """The speaker has everything deleted that is kept of the session."""
        row = self.database.sessions.rows.get(session_id)
        if row is None:
            return None
        key = session_id, int(row["createdAt"]["N"])
        self.purges.add(key)

        def act() -> None:
            session = self.stage.sessions.read_row(session_id)
            if session is not None and session.created_at == key[1]:
                self.stage.sessions.purge(session)

        def then(done: Activity) -> None:
            if done.is_dead or done.invocation.failed:
                self.unended.add(session_id)
            else:
                self.purged.add(key)

        return self.begin(act, then)

    def send_slice(self, position: int, *, again: bool) -> Activity | None:
        """Lambda invokes the broadcast function with a slice that is due; `again`: not for once."""
        due = [each for each in self.slices if each.due <= self.clock.milliseconds]
        if not due:
            return None
        one = due[position % len(due)]
        if not again:
            self.slices.remove(one)
        # Invoked again when its time is over, it counts as failed what the first may yet send.
        is_over = self.clock.milliseconds >= one.spoken.spoken_at + CAPTION_LIFE_MS
        one.spoken.has_lost |= one.has_begun and is_over
        one.has_begun = True
        batch = RecipientBatch.of(json.loads(one.payload))

        def then(done: Activity) -> None:
            self._tried(one, done)

        activity = self.begin(partial(self.stage.large_halls.send_batch, batch), then, one.spoken)
        activity.invocation.failures = (*activity.invocation.failures, BatchInProgress)
        return activity

    def _tried(self, one: Slice, done: Activity) -> None:
        """Has Lambda try a slice again whose invocation failed, once."""
        if not (done.is_dead or done.invocation.failed):
            return
        one.spoken.has_lost = True
        if one.tries + 1 < _TRIES:
            due = self.clock.milliseconds + _SECOND_TRY_MS
            self.slices.append(Slice(one.payload, one.spoken, due, one.tries + 1))

    def _close(self, connection: str) -> None:
        self.sockets[connection].is_closed = True
        self._leaves(connection)

    def _leaves(self, connection: str) -> None:
        listener = self.listeners.get(connection)
        if listener is not None and listener.left is None:
            listener.left = self.step

    # --- What the tables tell ------------------------------------------------------------------

    def _database(self, metered: bool) -> SimulatedDatabase:
        return SimulatedDatabase(
            self._changed,
            self._check,
            metered,
            sessions_stream=self._session_changed,
            sentences_stream=self._sentence_changed,
            rosters_stream=self._roster_changed,
            now=lambda: self.clock.milliseconds,
        )

    def _count_changes(self) -> int:
        return self._changes_of_counts

    def _changed(self, key: str, before: Item | None, after: Item | None, by_ttl: bool) -> None:
        super()._changed(key, before, after, by_ttl)
        if after is None:
            invariants.check_removal(self, key, by_ttl=by_ttl)
            self._leaves(key)
            return
        row = decode(after)
        if row["role"] != "listener":
            return
        if before is None:
            session = str(row["sessionId"]), int(str(row["sessionEpoch"]))
            last = row.get("lastSequence")
            self.listeners[key] = Listener(
                key,
                session,
                None if last is None else int(str(last)),
                self.last_sequence(session[0]),
            )
        listener = self.listeners[key]
        listener.wanted.append((self.step, str(row["targetLanguage"])))
        listener.wishes.append((self.step, row.get("voice") is True))
        listener.is_overtaken |= row.get("replayDue") is True

    def _session_changed(
        self, key: str, before: Item | None, after: Item | None, by_ttl: bool
    ) -> None:
        if "#" not in key:
            self._changes_of_counts += 1

    def _sentence_changed(
        self, key: str, before: Item | None, after: Item | None, by_ttl: bool
    ) -> None:
        """A row that the sentence's own invocation writes is its claim."""
        if after is not None:
            keeping.check_row(key, after)
        if after is None or self.doing is None or "claim" not in after:
            return
        spoken = self.doing.spoken
        if spoken is not None and spoken.claimed is None and key == spoken.key:
            spoken.claimed = self.step

    def _roster_changed(
        self, key: str, before: Item | None, after: Item | None, by_ttl: bool
    ) -> None:
        self._changes_of_counts += 1
        if after is None:
            return
        connection = after["connectionId"]["S"]
        if after["state"]["S"] != "IN":
            self._leaves(connection)
            return
        listener = self.listeners[connection]
        listener.listed.append((self.step, after["targetLanguage"]["S"]))
        listener.listed_wishes.append((self.step, "voice" in after))
        if listener.counted is None:
            listener.counted = self.step
            listener.from_sequence = int(after.get("fromSequence", {"N": "0"})["N"])
            listener.last_at_count = self.last_sequence(ledger_key_from(decode(after)).session_id)
            invariants.check_count(self, listener)

    # --- The stream ----------------------------------------------------------------------------

    def _invocation(self, records: list[dict[str, Any]]) -> Invocation:
        self._invocations += 1
        self._note_batch(records)
        for record in records:
            change = record["dynamodb"]
            listener = self.listeners.get(change["Keys"]["connectionId"]["S"])
            if listener is not None:
                listener.is_repeated |= change["SequenceNumber"] in listener.records
                listener.records.add(change["SequenceNumber"])
        return self._begun({"Records": records}, self._handle, Doing(self))

    def _handle(self, event: Event) -> Response:
        update = self.stage.roster_update
        return handle_batch(event, lambda records: self.design.effect(records, update))


def _nothing(_: Activity) -> None:
    """Nobody waits for it."""


# --- Calls that are not the database's ----------------------------------------------------------


def _posted(hall: Hall, doing: Doing, request: Request, fault: Fault | None) -> Answer:
    """A message to one socket."""
    connection, message = request["connection"], request["message"]
    reached = hall.is_connected(connection)
    is_lost = fault is not None and fault is not Fault.CONFLICT and fault not in _UNANSWERED
    status = None if is_lost or (fault in _UNANSWERED) else SENT if reached else GONE
    invariants.check_message(hall, doing, connection, message, status, reached and not is_lost)
    if status is None:
        raise ReadTimeoutError(endpoint_url="simulated")
    return {"status": status}


def _notified(hall: Hall, doing: Doing, request: Request, fault: Fault | None) -> Answer:
    """A message that is posted again where no answer came."""
    if fault not in _UNANSWERED:
        return _posted(hall, doing, request, fault)
    _posted(hall, doing, request, None)
    doing.repeats = True
    try:
        return _posted(hall, doing, request, None)
    finally:
        doing.repeats = False


def _closed(hall: Hall, _: Doing, request: Request, fault: Fault | None) -> Answer:
    connection = request["connection"]
    if fault is not None and fault not in _UNANSWERED:
        hall.unclosed.add(connection)
        raise ReadTimeoutError(endpoint_url="simulated")
    if not hall.is_connected(connection):
        hall.unclosed.add(connection)
        return {"status": GONE}
    hall.disconnect(connection)
    return {"status": SENT}


def _probed(hall: Hall, _: Doing, request: Request, fault: Fault | None) -> Answer:
    if fault not in (None, Fault.CONFLICT):
        listener = hall.listeners.get(request["connection"])
        if listener is not None:
            listener.is_unknown = True
        raise ReadTimeoutError(endpoint_url="simulated")
    reached = hall.sockets[request["connection"]].is_open(hall.clock.milliseconds)
    return {"status": SENT if reached else GONE}


def _dropped(hall: Hall, _: Doing, request: Request, __: Fault | None) -> Answer:
    """A message whose time is over before its turn came: the caller knows of it."""
    connection, message = request["connection"], request["message"]
    if message is None:
        hall.unclosed.add(connection)
    else:
        invariants.note_dropped(hall, connection, message)
    return {}


def _waited(hall: Hall, _: Doing, request: Request, __: Fault | None) -> Answer:
    hall.clock.milliseconds += round(request["seconds"] * 1000)
    return {}


def _translated(_: Hall, __: Doing, ___: Request, ____: Fault | None) -> Answer:
    return {}


def _invoked(hall: Hall, doing: Doing, request: Request, fault: Fault | None) -> Answer:
    """A slice is handed over."""
    assert doing.spoken is not None
    if fault is None or fault is Fault.CONFLICT or fault in _UNANSWERED:
        hall.slices.append(Slice(json.dumps(request), doing.spoken, hall.clock.milliseconds))
    if fault is not None and fault is not Fault.CONFLICT:
        raise ReadTimeoutError(endpoint_url="simulated")
    return {}


_Call = Callable[[Hall, Doing, Request, Fault | None], Answer]
_CALLS: Mapping[str, _Call] = {
    "post": _posted,
    "notify": _notified,
    "close": _closed,
    "probe": _probed,
    "dropped": _dropped,
    "wait": _waited,
    "translate": _translated,
    "invoke": _invoked,
}
