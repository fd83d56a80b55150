"""What the function `transcript` is asked: to go on where a request's time was over."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class TranscriptAsk:
    """A session's transcript in some languages, and the lease that is handed on (`owner`)."""

    session_id: str
    session_epoch: int
    languages: Sequence[str]
    is_speaker: bool
    owner: str

    def payload(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> "TranscriptAsk":
        """From JSON."""
        return cls(**payload)
