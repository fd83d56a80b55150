"""What may be asked for in a WebSocket handshake: query strings."""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl

from chalice_app.wire.incoming import MAX_SEQUENCE

UNKNOWN = "golden-eagle-000"
"""No name has a number below 100."""


class Bad(NamedTuple):
    """A query, with places for a session's name and token, and the error's code."""

    query: str
    code: str = "BAD_MESSAGE"

    def asked(self, session: str, token: str) -> str:
        """The query that names this session and token."""
        return self.query.format(session=session, token=token)

    def parameters(self, session: str, token: str) -> dict[str, str]:
        """What API Gateway makes of it."""
        pairs = parse_qsl(self.asked(session, token), keep_blank_values=True, errors="replace")
        return dict(pairs)


def _session(name: str) -> Bad:
    return Bad(f"sessionId={name}&targetLanguage=pt")


def _language(tag: str, code: str = "INVALID_LANGUAGE") -> Bad:
    return Bad(f"sessionId={{session}}&targetLanguage={tag}", code)


def _token(token: str) -> Bad:
    return Bad(f"sessionId={{session}}&token={token}")


def _last(sequence: str) -> Bad:
    return Bad(f"sessionId={{session}}&targetLanguage=pt&lastSequence={sequence}")


def _voice(wish: str) -> Bad:
    return Bad(f"sessionId={{session}}&targetLanguage=pt&voice={wish}")


MALFORMED: Mapping[str, Bad] = {
    "nothing": Bad(""),
    "no session": Bad("targetLanguage=pt"),
    "session empty": _session(""),
    "session no name": _session("Hello"),
    "session without a number": _session("golden-eagle"),
    "session of two digits": _session("golden-eagle-42"),
    "session below 100": _session(UNKNOWN),
    "session with a line break": _session("{session}%0A"),
    "session a row's key": _session("{session}%231%231"),
    "session very long": _session("a" * 4_000),
    "neither language nor token": Bad("sessionId={session}"),
    "both": Bad("sessionId={session}&targetLanguage=pt&token={token}"),
    "voice empty": _voice(""),
    "voice a number": _voice("1"),
    "voice in capitals": _voice("True"),
    "voice with a space": _voice("true%20"),
    "language empty": _language(""),
    "language no tag": _language("portuguese"),
    "language two words": _language("no%20language"),
    "language with an underscore at the end": _language("pt_"),
    "language very long": _language("pt-" + "x" * 4_000),
    "language not offered": _language("tlh", "UNSUPPORTED_LANGUAGE"),
    "language not UTF-8": _language("%FF"),
    "language a surrogate": _language("%ED%A0%80"),
    "language NUL": _language("%00"),
    "token empty": _token(""),
    "token with a space": _token("a%20b"),
    "token of 129": _token("a" * 129),
    "token very long": _token("a" * 4_000),
    "last sequence empty": _last(""),
    "last sequence a word": _last("x"),
    "last sequence behind a space": _last("%201"),
    "last sequence before a line break": _last("1%0A"),
    "last sequence negative": _last("-1"),
    "last sequence a fraction": _last("1.5"),
    "last sequence other digits": _last("%D9%A3"),
    "last sequence a superscript": _last("%C2%B2"),
    "last sequence beyond 2^53": _last(str(MAX_SEQUENCE + 1)),
    "last sequence beyond 2^53 behind zeros": _last("0" * 20 + str(MAX_SEQUENCE + 1)),
    "last sequence huge": _last("9" * 5_000),
    "last sequence huge behind zeros": _last("0" * 20 + "9" * 40),
    "last sequence very huge behind zeros": _last("0" * 20 + "9" * 5_000),
    "5,000 zeros": _last("0" * 5_000),
}
"""Refused with 400."""

WRONG_TOKENS = ("x", "not-the-token")
"""Refused with 401; so is a session's own, cut or of another session."""
