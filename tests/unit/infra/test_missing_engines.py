"""What is said where translations are limited."""

from infra.local.missing_engines import MODES, PACKAGES, missing_engines


def test_nothing_is_said_where_all_is_there() -> None:
    assert missing_engines(lambda mode: object()) is None


def test_one_line_names_what_is_missing_and_what_installs_it() -> None:
    said = missing_engines(lambda mode: None if mode in {"spa-cat", "spa-ita"} else object())
    assert said is not None
    assert said.startswith("no Catalan, Italian: sudo apt-get install apertium ")
    assert PACKAGES in said
    assert "\n" not in said


def test_every_rule_based_language_is_looked_for() -> None:
    looked_for: list[str] = []
    missing_engines(looked_for.append)
    assert looked_for == list(MODES.values())
