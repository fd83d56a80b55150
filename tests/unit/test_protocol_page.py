"""The page for those who write clients tells of everything that goes over the wire."""

import re
from pathlib import Path

import pytest

from chalice_app.domain import errors

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/protocol.md").read_text(encoding="utf-8")
WIRE = "".join(
    (ROOT / "chalice_app/wire" / name).read_text(encoding="utf-8")
    for name in ("incoming.py", "outgoing.py")
)

MESSAGES = re.findall(r'"type": "(\w+)"', WIRE)
ACTIONS = [
    action
    for case in re.findall(r'case ("\w+"(?: \| "\w+")*):', WIRE)
    for action in re.findall(r"\w+", case)
]
FIELDS = sorted({*re.findall(r'body(?:\.get\(|\[)"(\w+)"', WIRE), *re.findall(r'"(\w+)":', WIRE)})
CODES = {each.code for each in errors.BroadcasterError.__subclasses__()} - {
    errors.NotOperator.code,
    errors.NoOperatorView.code,
}


def test_there_is_something_to_look_for() -> None:
    assert len(MESSAGES) >= 8
    assert len(set(ACTIONS)) == 8
    assert len(CODES) == 11


@pytest.mark.parametrize("message", MESSAGES)
def test_every_message_is_told(message: str) -> None:
    assert f'{{"type":"{message}"' in PAGE


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_is_told(action: str) -> None:
    assert f'{{"action":"{action}"' in PAGE


@pytest.mark.parametrize("word", [*FIELDS, *sorted(CODES)])
def test_every_field_and_code_is_told(word: str) -> None:
    assert word in PAGE
