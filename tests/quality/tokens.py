"""Tokens that come through the offline engine as they went in: a share a kind and language."""

import re
from collections.abc import Iterable, Sequence

from infra.local.translate.engine.routes import Engine, installed_engine
from infra.local.translate.missing_engines import missing_engines
from tests.quality.token_sentences import TOKEN_SENTENCES

LANGUAGES = ("es", "fr", "it", "ca", "gl", "pt")
LEAST = 0.98
"""Of all tokens in all languages."""

_MARKED = re.compile(r"\[(.+?)\](?=[\s.,?]|$)")


def main() -> int:
    """Print the table and every harmed token; 0 if enough are unharmed."""
    if missing := "\n".join(missing_engines()):
        print(missing)
        return 1
    engine = installed_engine()
    try:
        harmed = {language: list(_harmed(engine, language)) for language in LANGUAGES}
    finally:
        engine.close()
    share = _print_table(harmed)
    for language, kind, token, translated in (each for list_ in harmed.values() for each in list_):
        print(f"  {language} {kind}: {token!r} in {translated!r}")
    return 0 if share >= LEAST else 1


def marked(sentence: str) -> tuple[str, str]:
    """A sentence without its mark, and the token that was between [ and ]."""
    found = _MARKED.search(sentence)
    if found is None:
        raise ValueError(f"no token is marked in {sentence!r}")
    return sentence[: found.start()] + found[1] + sentence[found.end() :], found[1]


def is_unharmed(token: str, sentence: str, translated: str) -> bool:
    """Whether the token is there as a whole, with no letter, digit or sign glued to it.

    A word that begins the translation ("A oficina") is not the `A` from amid the sentence.
    """
    whole = re.compile(rf"(?<![\w&-]){re.escape(token)}(?![\w&-]|['’]\w)")
    return whole.search(translated, 0 if sentence.startswith(token) else 1) is not None


def _harmed(engine: Engine, language: str) -> Iterable[tuple[str, str, str, str]]:
    for kind, sentences in TOKEN_SENTENCES.items():
        for sentence, token in map(marked, sentences):
            translated = engine.translate(sentence, "en", language)
            if not is_unharmed(token, sentence, translated):
                yield language, kind, token, translated


def _print_table(harmed: dict[str, list[tuple[str, str, str, str]]]) -> float:
    print(f"{'unharmed, %':32}" + "".join(f"{language:>6}" for language in LANGUAGES))
    for kind, sentences in TOKEN_SENTENCES.items():
        lost = [sum(each[1] == kind for each in harmed[language]) for language in LANGUAGES]
        _print_row(kind, [1 - count / len(sentences) for count in lost])
    count = sum(map(len, TOKEN_SENTENCES.values()))
    shares = [1 - len(harmed[language]) / count for language in LANGUAGES]
    _print_row(f"all {count}", shares)
    share = sum(shares) / len(shares)
    print(
        f"{100 * share:.1f} % of {count} tokens in {len(LANGUAGES)} languages; at least {LEAST:.0%}"
    )
    return share


def _print_row(name: str, shares: Sequence[float]) -> None:
    print(f"{name:32}" + "".join(f"{100 * share:6.0f}" for share in shares))
