"""Join codes: who may know of a session."""

from dataclasses import replace

import pytest

from chalice_app.domain.join_codes import admits, hash_join_code
from tests.fakes.domain import session

CODE = "caf\u00e9 427"
HERE = session()
GUARDED = replace(HERE, join_code_hash=hash_join_code(CODE, HERE.session_id, HERE.created_at))


@pytest.mark.parametrize(
    "typed", [CODE, f" {CODE}\n", "cafe\u0301 427", "CAF\u00c9 427", "Cafe\u0301 427"]
)
def test_the_code_is_known_however_it_is_typed(typed: str) -> None:
    assert admits(GUARDED, typed)


@pytest.mark.parametrize(
    ("code", "typed"),
    [("Blue Horse", "bLUE hORSE"), ("stra\u00dfe", "STRASSE"), ("\u1fb7", "\u0391\u0342\u0399")],
)
def test_capitals_do_not_matter(code: str, typed: str) -> None:
    guarded = replace(HERE, join_code_hash=hash_join_code(code, HERE.session_id, HERE.created_at))
    assert admits(guarded, typed)


@pytest.mark.parametrize(
    "typed",
    [None, "", "cafe 427", "caf\u00e9 42", "caf\u00e9 4277", "CAFE 427", "0" * 64, "\0"],
)
def test_another_code_is_another(typed: str | None) -> None:
    assert not admits(GUARDED, typed)
    assert GUARDED.join_code_hash is not None
    assert not admits(GUARDED, GUARDED.join_code_hash)


def test_a_session_without_a_code_admits_whatever_is_typed() -> None:
    assert admits(HERE, None)
    assert admits(HERE, "left over")


@pytest.mark.parametrize("typed", [None, "", CODE, "0" * 64])
def test_no_session_admits_nobody(typed: str | None) -> None:
    assert not admits(None, typed)


def test_a_code_looks_like_no_other_in_the_table() -> None:
    hashes = {
        hash_join_code("1234", name, epoch)
        for name in ("golden-eagle-427", "silver-fox-100")
        for epoch in (1, 2)
    }
    assert len(hashes) == 4
    assert all("1234" not in each for each in hashes - {""})
