"""What must be true of what is sent, of what is reported, and of who got what when all is at rest.

D1: a listener who was counted before a sentence claimed its number, and is there until its report,
    is sent it exactly once, in a language that was its own meanwhile, or is in the report as one
    who could not be reached.
D2: one who catches up (it returned, came late, or was counted after a long handshake) is sent what
    it missed and nothing that it has heard, in order, before anything new, within the limit of 50.
    Nobody who returned is counted without that.
D3: nobody is sent another session's words, or a language that was never its own.
D4: a report says what became of the posts: of an invocation that died, never more than that.
D5: a listener who is counted and stays is greeted, before any replay, and its row stays.
D6: when a session has ended, every socket in it is closed. The reconciler sees to the others: those
    of an end whose invocation died, and those whose closing failed or met a handshake.
D7: one who was sent a sentence and is there has been sent the newest of its corrections, or that it
    is retracted; each correction is reported as D4 says, and sent as D1 and D3 say.
D8: the voice of a sentence is asked for listeners who wanted it meanwhile, once each, after its
    caption was posted to them in that language and did not meet a closed socket; and for all of
    those whom the caption reached and who wanted it all the time, unless it came too late for
    somebody. Corrections are not spoken.

Exceptions, each as narrow as the production code's own words for it:

- One whom the speaker has overtaken for long enough is counted before its replay is done
  (`catch_up`): a caption may come twice, or before an older one. None may be missing.
- A sentence whose number was noted after a later one's, or perhaps not at all, is sent to
  everybody, also where it has been replayed (`recipients`): it may come twice, and after later
  ones.
- A sentence whose number could not be noted may be missed by one who is just catching up
  (`speech`).
- A sentence whose report says that listeners were not reached may be missed by one who was counted
  while it was on its way.
- A sentence that is retracted after it was replayed by an invocation that failed stays: the next
  replay leaves it out. A correction whose invocation died is the speaker's to send again.
- Sentences of an invocation that died, and are spoken again, come again. Records of the stream are
  handled at least once, and their replays with them; a notice whose answer is lost is sent again.
"""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from chalice_app.domain.sentence import CAPTION_LIFE_MS, REPLAYED_SENTENCES
from tests.simulation.delivery import keeping
from tests.simulation.delivery.record import RETRACTED, Listener, Reception, Spoken
from tests.simulation.delivery.sockets import GONE, SENT
from tests.simulation.invariants import Violation

if TYPE_CHECKING:
    from tests.simulation.delivery.hall import Doing, Hall


def check_message(
    hall: "Hall",
    doing: "Doing",
    connection: str,
    message: Mapping[str, Any],
    status: int | None,
    reached: bool,
) -> None:
    """At each post: `reached` tells whether it arrives; `status` is None where no answer comes.

    Raises:
        Violation: it must not be sent.
    """
    kind = message["type"]
    if kind in ("spoken", "corrected") and doing.spoken is not None:
        _check_report(hall, doing.spoken, message)
        return
    listener = hall.listeners.get(connection)
    if listener is None:
        return
    if kind == "joined":
        listener.is_greeted |= status != GONE
    elif kind == "retracted" or "revision" in message:
        _check_corrected(hall, doing, listener, message, status, reached=reached)
    elif kind == "caption":
        _check_caption(
            hall,
            doing,
            listener,
            message,
            Reception(
                hall.step,
                message["language"],
                doing.spoken,
                status if reached or status == GONE else None,
            ),
        )


def _check_caption(
    hall: "Hall",
    doing: "Doing",
    listener: Listener,
    message: Mapping[str, Any],
    reception: Reception,
) -> None:
    name, sequence = listener.connection_id, message["sequence"]
    if not message["text"].startswith(f"{listener.session[0]}#{listener.session[1]}#"):
        raise Violation(f"D3: {name} of {listener.session} is sent {message['text']}")
    before = listener.captions.setdefault(sequence, [])
    if doing.spoken is None:
        _check_replayed(hall, listener, sequence, reception, before, is_repeated=doing.repeats)
    else:
        _check_sent(hall, doing.spoken, listener, reception, before)
    before.append(reception)


def _check_corrected(
    hall: "Hall",
    doing: "Doing",
    listener: Listener,
    message: Mapping[str, Any],
    status: int | None,
    *,
    reached: bool,
) -> None:
    """A correction, as it is sent or in a replay: it may come again, and in any order."""
    name, sequence = listener.connection_id, message["sequence"]
    own = listener.languages(0, hall.step)
    language = ""
    if message["type"] == "caption":
        language = message["language"]
        if not message["text"].startswith(f"{listener.session[0]}#{listener.session[1]}#"):
            raise Violation(f"D3: {name} of {listener.session} is sent {message['text']}")
        if language not in own:
            raise Violation(f"D3: {name} is sent a correction in {language}")
    reception = Reception(
        hall.step, language, doing.spoken, status if reached or status == GONE else None
    )
    if doing.spoken is None:
        if message["type"] == "caption" and sequence > listener.heard:
            listener.captions.setdefault(sequence, []).append(reception)
    elif name in doing.spoken.posts:
        raise Violation(f"D1: {name} is sent a correction of {sequence} twice")
    else:
        doing.spoken.posts[name] = reception
    if reached:
        listener.revisions.setdefault(sequence, set()).add(message.get("revision", RETRACTED))


def _check_sent(
    hall: "Hall",
    spoken: Spoken,
    listener: Listener,
    reception: Reception,
    before: list[Reception],
) -> None:
    """A caption that a sentence, or a slice of it, sends."""
    name = listener.connection_id
    if name in spoken.posts:
        raise Violation(f"D1: {name} is sent sentence {spoken.sequence} twice")
    spoken.posts[name] = reception
    if twin := _twin(spoken, before):
        raise Violation(f"D1: {name} is sent sentence {spoken.sequence} by two: {twin.spoken_at}")
    claimed = hall.step if spoken.claimed is None else spoken.claimed
    if reception.language not in listener.languages(claimed, hall.step):
        raise Violation(
            f"D1: {name} is sent sentence {spoken.sequence} in {reception.language}, "
            f"and listens to {sorted(listener.languages(claimed, hall.step))}"
        )
    if reception.status == GONE:
        return
    if listener.is_overtaken:
        return
    if before and not listener.is_repeated and not _may_come_again(hall, spoken):
        raise Violation(f"D2: {name} is sent sentence {spoken.sequence}, which was replayed to it")
    missing = [
        each.sequence
        for each in _missed(hall, listener)
        if each.sequence < min(spoken.sequence, listener.from_sequence)
        and each.sequence not in listener.captions
        and not _is_retracted(hall, each)
    ]
    if missing:
        raise Violation(f"D2: {name} is sent sentence {spoken.sequence} before {missing}")


def _check_replayed(
    hall: "Hall",
    listener: Listener,
    sequence: int,
    reception: Reception,
    before: list[Reception],
    *,
    is_repeated: bool,
) -> None:
    """A caption that is replayed to one who returns."""
    name = listener.connection_id
    if not listener.is_greeted:
        raise Violation(f"D5: sentence {sequence} is replayed to {name} before it is greeted")
    if reception.language not in listener.languages(0, hall.step):
        raise Violation(f"D3: {name} is sent a replay in {reception.language}")
    if sequence <= max(listener.heard, listener.last_at_entry - REPLAYED_SENTENCES):
        raise Violation(f"D2: sentence {sequence} is replayed to {name}, too old or heard")
    if listener.is_repeated or is_repeated or listener.is_overtaken:
        return
    if before:
        raise Violation(f"D2: sentence {sequence} is replayed to {name}, which has had it")
    later = [each for each in listener.captions if each > sequence and listener.captions[each]]
    if later:
        raise Violation(f"D2: sentence {sequence} is replayed to {name} after {later}")


def _twin(spoken: Spoken, before: list[Reception]) -> Spoken | None:
    """Another try of the sentence that lives, and has sent it too."""
    for each in before:
        twin = each.sentence
        if twin is None or twin.is_dead:
            continue
        if abs(spoken.spoken_at - twin.spoken_at) < CAPTION_LIFE_MS:
            return twin
    return None


def _may_come_again(hall: "Hall", spoken: Spoken) -> bool:
    """Whether the exceptions let a caption of this sentence come twice."""
    return (spoken.is_overtaken or spoken.is_unsure) or any(
        each is not spoken
        and (each.session, each.sequence) == (spoken.session, spoken.sequence)
        and each.claimed is not None
        for each in hall.spoken
    )


def _missed(hall: "Hall", listener: Listener) -> list[Spoken]:
    """The sentences that must be replayed to one who catches up, before anything new."""
    catches_up = listener.from_sequence or listener.is_overtaken
    if not catches_up or listener.counted is None:
        return []
    first = max(listener.heard, listener.last_at_count - REPLAYED_SENTENCES)
    return [
        each
        for each in hall.spoken
        if each.session == listener.session
        and each.claimed is not None
        and each.claimed < listener.counted
        and each.sequence > first
        and not (each.is_overtaken or each.is_unnoted or each.is_dead or not each.is_noted)
    ]


def _check_report(hall: "Hall", spoken: Spoken, message: Mapping[str, Any]) -> None:
    """A report of a sentence.

    Raises:
        Violation: it is false, or somebody to whom the sentence was due is neither sent it nor in
            the report.
    """
    spoken.reports += 1
    if message["sequence"] != spoken.sequence:
        raise Violation(f"D4: a report of {message['sequence']} in place of {spoken.sequence}")
    reports = message["languages"]
    posts = Counter((each.language, each.status) for each in spoken.posts.values())
    if spoken.corrects and not spoken.text:
        # What is retracted names no language.
        fields = ("listeners", "delivered", "gone", "dropped")
        reports = {"": {name: sum(each[name] for each in reports.values()) for name in fields}}
    for language, report in reports.items():
        done = report["delivered"], report["gone"]
        real = posts[language, SENT], posts[language, GONE]
        more = done[0] > real[0] or done[1] > real[1]
        if more or (not spoken.has_lost and done != real):
            raise Violation(f"D4: {language}: {report} is reported, delivered and gone are {real}")
        if sum(done) + report["dropped"] > report["listeners"]:
            raise Violation(f"D4: {language}: {report} does not add up")
    unreached = sum(
        report["listeners"] - report["delivered"] - report["gone"] for report in reports.values()
    )
    spoken.unreached = unreached
    spoken.gone = sum(report["gone"] for report in reports.values())
    told = {key for key, each in spoken.posts.items() if each.status is not None}
    lost = [each.connection_id for each in _due(hall, spoken) if each.connection_id not in told]
    if len(lost) > unreached:
        raise Violation(
            f"D1: sentence {spoken.sequence} was due to {lost}; not reached are {unreached}"
        )
    if not spoken.corrects:
        spoken.told = message["languages"]
        keeping.check_told(hall, spoken)


def check_voices(hall: "Hall", ask: Mapping[str, Any]) -> None:
    """When a voice is asked for.

    Raises:
        Violation: it must not be, or not for one of those for whom it is.
    """
    ref = ask["ref"]
    said = (ref["session_id"], ref["session_epoch"]), ref["sequence"], ref["spoken_at"]
    tries = [each for each in hall.spoken if (each.session, each.sequence, each.spoken_at) == said]
    if ref["revision"] or not tries:
        raise Violation(f"D8: a voice is asked for {ref}")
    for name in ask["connection_ids"]:
        sent = [each for each in tries if name in each.posts and name not in each.voices]
        if not sent:
            raise Violation(f"D8: {name} is to hear {said} without its caption, or twice")
        _check_hearing(hall, sent[0], hall.listeners[name], ask["language"])
        sent[0].voices.add(name)


def _check_hearing(hall: "Hall", spoken: Spoken, listener: Listener, language: str) -> None:
    name, reception = listener.connection_id, spoken.posts[listener.connection_id]
    if reception.status == GONE or reception.language != language:
        raise Violation(f"D8: {name} is to hear {language} in place of {reception}")
    claimed = hall.step if spoken.claimed is None else spoken.claimed
    if True not in listener.wishes_during(claimed, hall.step):
        raise Violation(f"D8: {name} is to hear sentence {spoken.sequence}, unwished")


def _check_ended_well(hall: "Hall", spoken: Spoken) -> None:
    """At rest, of a sentence that came to its end.

    Raises:
        Violation: it has no report, or somebody wanted its voice all the time, got its caption, and
            does not hear it.
    """
    if not spoken.reports:
        raise Violation(f"D4: sentence {spoken.sequence} has no report")
    since = spoken.claimed or 0
    for name, reception in spoken.posts.items():
        listener = hall.listeners[name]
        wanted = listener.wishes_during(since, reception.step) == {True}
        if wanted and not spoken.is_late and reception.status == SENT and name not in spoken.voices:
            raise Violation(f"D8: {name} does not hear sentence {spoken.sequence}")


def _due(hall: "Hall", spoken: Spoken) -> list[Listener]:
    """Those who were counted before the claim and are still there.

    Not those who came into the roster after the sentence and have had it: by a replay, or, as their
    own client says, before they returned. Its first invocation died, and it is spoken again.
    """
    if spoken.claimed is None or not hall.exists(spoken.session):
        return []
    return [
        each
        for each in hall.listeners.values()
        if each.session == spoken.session
        and each.left is None
        and each.counted is not None
        and each.counted < spoken.claimed
        and not (each.from_sequence > spoken.sequence and _has_had(each, spoken.sequence))
    ]


def _has_had(listener: Listener, sequence: int) -> bool:
    """Whether it has been sent the sentence, or says that it has heard it."""
    return listener.heard >= sequence or bool(listener.captions.get(sequence))


def check_count(hall: "Hall", listener: Listener) -> None:
    """When somebody comes into the roster: after a replay, or with a socket that is open.

    Raises:
        Violation: it returned or its handshake is not over, and it has had no replay.
    """
    if listener.from_sequence or listener.left is not None or not hall.is_open(listener.session):
        return
    name = listener.connection_id
    if listener.last_sequence is not None and not listener.is_overtaken:
        raise Violation(f"D2: {name} returned, and is counted without a replay")
    if not (hall.is_connected(name) or listener.is_unknown):
        raise Violation(f"D2: {name} is counted before its handshake is over")


def note_dropped(hall: "Hall", connection: str, message: Mapping[str, Any]) -> None:
    """A message has not been sent in time: a function that took so long can do no better."""
    listener = hall.listeners.get(connection)
    if listener is None:
        return
    if message["type"] == "joined":
        listener.is_greeted = True
    elif message["type"] == "caption":
        listener.captions.setdefault(message["sequence"], [])
        for spoken in hall.spoken:
            said = spoken.session, spoken.sequence
            spoken.is_late |= said == (listener.session, message["sequence"])


def check_removal(hall: "Hall", connection: str, *, by_ttl: bool) -> None:
    """When a connection's row goes: its socket is closed.

    Raises:
        Violation: it is not, and may yet be open.
    """
    socket = hall.sockets[connection]
    if not by_ttl and not socket.is_refused(hall.clock.milliseconds):
        raise Violation(f"the row of {connection} is deleted, and its socket is not closed")


def check_rest(hall: "Hall") -> None:
    """At rest, with every handshake over: nobody lacks what is due, and sentences are reported.

    Raises:
        Violation: somebody does, or a sentence that was sent has no report.
    """
    for spoken in hall.spoken:
        if spoken.claimed and not (spoken.is_dead or spoken.has_lost):
            _check_ended_well(hall, spoken)
    for listener in hall.listeners.values():
        if listener.left is not None or listener.counted is None:
            continue
        if not hall.is_open(listener.session):
            _check_ended(hall, listener)
            continue
        if not listener.is_greeted:
            raise Violation(f"D5: {listener.connection_id} is counted and was not greeted")
        missing = [
            each.sequence
            for each in _missed(hall, listener)
            if each.sequence not in listener.captions
            and not (each.has_lost or (each.unreached and listener.from_sequence <= each.sequence))
            and not _is_retracted(hall, each)
        ]
        if missing:
            raise Violation(f"D2: {listener.connection_id} has not been sent {missing}")
        _check_newest(hall, listener)


def _is_retracted(hall: "Hall", spoken: Spoken) -> bool:
    row = hall.database.sentences.rows.get(spoken.key)
    return row is not None and "revision" in row and "text" not in row


def _check_newest(hall: "Hall", listener: Listener) -> None:
    """What the listener reads at rest, if every correction of it came to its end.

    Raises:
        Violation: it is not the newest.
    """
    for spoken in hall.corrected:
        had = listener.captions.get(spoken.sequence)
        row = hall.database.sentences.rows.get(spoken.key)
        if spoken.session != listener.session or not had or row is None or "revision" not in row:
            continue
        if spoken.sequence <= listener.last_at_count - REPLAYED_SENTENCES:
            continue  # too old for a replay
        tries = [each for each in hall.corrected if each.key == spoken.key]
        if any(each.is_dead or each.has_lost or each.unreached for each in tries):
            continue
        newest = int(row["revision"]["N"]) if "text" in row else RETRACTED
        if all(each.status is None for each in had):
            continue
        if newest == RETRACTED and listener.is_repeated:
            continue
        if newest not in listener.revisions.get(spoken.sequence, set()):
            raise Violation(
                f"D7: {listener.connection_id} lacks revision {newest} of {spoken.sequence}"
            )


def _check_ended(hall: "Hall", listener: Listener) -> None:
    """A listener whose session has ended, or has been deleted."""
    name = listener.connection_id
    if not hall.exists(listener.session) or listener.session[0] in hall.unended:
        return
    if name not in hall.unclosed:
        raise Violation(f"D6: {listener.session} has ended, and {name} is still there")
