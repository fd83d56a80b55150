"""How many messages a connection may send, so that a flood by one costs the talk nothing.

Counted in this process alone, without a call: a flood is met by as many processes as work on it at
once, and each of them refuses it by itself. (Changes of language, which cost six writes each, are
limited across processes, too: `sessions.participants`. On AWS the gateway's throttle stands before
all of it: `infra.deployment.route_throttle`.)

A connection has a bucket for its messages, and the speaker's sentences have another: their rate
is `speech.flow_control`'s to limit, and the page's outbox is replayed at once when a line comes
back. A connection that floods is never closed. It gets an error a second, and the other refused
messages are dropped without a word.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock

from chalice_app.domain.clock import Clock
from chalice_app.domain.errors import RateLimited

BURST_SECONDS = 10
"""What a connection has saved up when it has been silent: a page that comes back, or a hand that
looks through all languages, sends a few dozen messages at once."""

SENTENCES_SHARE = 4
"""Sentences that are tried, for each that a speaker may say: refused ones are tried again."""

ERROR_SECONDS = 1.0
"""The shortest time between two errors to a connection that floods."""

MOST_CONNECTIONS = 4_096
"""Connections that a process remembers, the ones that were heard last: half a megabyte."""


class Flooding(RateLimited):
    """A message beyond the limits; `is_silent` where the sender has just been told."""

    def __init__(self, retry_after_ms: int, *, is_silent: bool) -> None:
        super().__init__("too many messages, send fewer", retryAfterMs=retry_after_ms)
        self.is_silent = is_silent


@dataclass(slots=True)
class _Sender:
    """Each bucket as the time (monotonic) at which it would be full again."""

    messages_full_at: float = 0.0
    sentences_full_at: float = 0.0
    told_at: float | None = None


@dataclass(slots=True)
class MessageLimits:
    """Limits each connection's messages, and its sentences separately; 0 means no limit."""

    clock: Clock
    messages_per_second: int
    sentences_per_second: int
    _senders: OrderedDict[str, _Sender] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def admit(self, connection_id: str, *, is_sentence: bool) -> None:
        """Counts a message.

        Raises:
            Flooding: the connection sends too many.
        """
        if not self.messages_per_second:
            return
        now = self.clock.monotonic()
        with self._lock:
            sender = self._sender(connection_id)
            # A connection that has spent its messages may not go on with sentences.
            late = sender.messages_full_at - now - BURST_SECONDS
            if late <= 0 and is_sentence and self.sentences_per_second:
                late = sender.sentences_full_at - now - BURST_SECONDS
            if late > 0:
                raise self._refusal(sender, now, late)
            if not is_sentence:
                self._take_message(sender, now)
            elif self.sentences_per_second:
                step = 1 / (SENTENCES_SHARE * self.sentences_per_second)
                sender.sentences_full_at = max(sender.sentences_full_at, now) + step

    def admit_draft(self, connection_id: str) -> None:
        """Lets a draft pass that counts for nothing: `draft_pace` limits them.

        Raises:
            Flooding: the connection has spent its messages.
        """
        if not self.messages_per_second:
            return
        now = self.clock.monotonic()
        with self._lock:
            sender = self._sender(connection_id)
            if (late := sender.messages_full_at - now - BURST_SECONDS) > 0:
                raise self._refusal(sender, now, late)

    def charge_stranger(self, connection_id: str) -> None:
        """Counts as a message what was not its sender's to say: a sentence or a draft."""
        if self.messages_per_second:
            with self._lock:
                self._take_message(self._sender(connection_id), self.clock.monotonic())

    def _take_message(self, sender: _Sender, now: float) -> None:
        step = 1 / self.messages_per_second
        sender.messages_full_at = max(sender.messages_full_at, now) + step

    def _sender(self, connection_id: str) -> _Sender:
        sender = self._senders.setdefault(connection_id, _Sender())
        self._senders.move_to_end(connection_id)
        if len(self._senders) > MOST_CONNECTIONS:
            self._senders.popitem(last=False)
        return sender

    def _refusal(self, sender: _Sender, now: float, late: float) -> Flooding:
        is_silent = sender.told_at is not None and now - sender.told_at < ERROR_SECONDS
        if not is_silent:
            sender.told_at = now
        # A bucket that has just room for one message is of no use to a page that has several.
        return Flooding(int((late + ERROR_SECONDS) * 1000), is_silent=is_silent)
