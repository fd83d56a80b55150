"""A glossary's terms in sentences: each right in every language, at no time worth naming.

`python -m tests.quality.glossary` runs it alone. The terms are those of `glossary.tsv`: kept where
a row has no forms, else said as the row has it. The engine is the offline one, by the way that
captions take.
"""

import csv
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import cycle, islice
from pathlib import Path

from chalice_app.cache.lookup import canonical
from chalice_app.glossary.markup import TermsLost
from chalice_app.glossary.terms import Glossary, Term
from chalice_app.glossary.wording import Wording
from infra.local.translate.do_not_translate import around_elements
from infra.local.translate.engine.routes import Engine, installed_engine

TERMS = 60
SENTENCES = 100
MOST_MS = 1.0
"""What 200 terms may cost a sentence."""

PATTERNS = (
    "Please meet us at {0} before noon.",
    "We thank {0} for everything that was done last year.",
    "The {0} is next to the {1}.",
    "Nobody had told me about {0}'s plans, and I was surprised.",
    "Have you ever seen the {0}?",
    "In the morning we talk about {0}, in the evening about {1}.",
    "{0} will begin in five minutes.",
    "After the {0}, please go to {1} and wait there.",
    "My friends say that the {0} was better than the {1}.",
    "I have written a long letter about {0} & {1}.",
    "What does {0} mean to you?",
    "Without {0}, none of this would have been possible!",
    "Come and see: {0}, {1} and the garden.",
    "They asked for the {0} again and again, but there was none left.",
    "If you cannot find {0}, ask somebody at {1}.",
    "(The doors of {0} are open.)",
    "It is 9:30 a.m. in {0}. Let us sing!",
    "She said, \"{0} changed my life.\"",
    "Some of you know the {0} already; others do not.",
    "{0}? Yes, {0}!",
    "We shall never forget the {0}\u2019s beginning.",
    "Tonight, {0} and {1} are on the second floor.",
    "There was a {0} in the water near the old bridge.",
    "Most people here love {0} more than they would ever say.",
    "Thank you, {0}.",
)  # fmt: skip


def main() -> int:
    """Print both tables; 0 if every term is right and the time is kept."""
    slow = _print_costs()
    engine = installed_engine()
    try:
        wrong = _print_terms(engine)
    finally:
        engine.close()
    return int(slow or wrong)


def _print_costs() -> bool:
    print(f"{'a glossary of':>14}  {'compiled, ms':>12}  {'a sentence, ms':>14}")
    costs = {count: _costs(count) for count in (0, 60, 200, 500)}
    for count, (compiling, sentence) in costs.items():
        print(f"{count:>8} terms  {compiling:>12.2f}  {sentence:>14.3f}")
    return costs[200][1] - costs[0][1] > MOST_MS


def _costs(count: int) -> tuple[float, float]:
    """Milliseconds to prepare a glossary, and to apply it to a sentence in six languages."""
    blocked = tuple(f"blocked{number}" for number in range(count // 5))
    glossary = Glossary(tuple(islice(_many_terms(), count)), blocked)
    started = time.perf_counter()
    wording = Wording(glossary)
    compiling = time.perf_counter() - started
    texts = _sentences(terms())
    started = time.perf_counter()
    for text in texts:
        mentions = wording.mentions(canonical(wording.masked(text)), "en")
        for target in ("es", "pt", "gl", "ca", "fr", "it"):
            mentions.protected(target)
    return compiling * 1000, (time.perf_counter() - started) / len(texts) * 1000


def _many_terms() -> Iterator[Term]:
    """The sixty, and names that begin as they do."""
    yield from (known := terms())
    for number in range(1, 1000):
        for term in known:
            yield Term(f"{term.source} {number}", keep=True)


def terms() -> Sequence[Term]:
    """The terms of the table."""
    table = Path(__file__).with_suffix(".tsv").read_text(encoding="utf-8")
    return [_term(row) for row in csv.DictReader(table.splitlines(), delimiter="\t")]


def _term(row: Mapping[str, str]) -> Term:
    forms = {language: form for language, form in row.items() if language != "source" and form}
    return Term(row["source"], keep=not forms, targets=forms)


def _sentences(known: Sequence[Term]) -> Sequence[str]:
    """Every pattern four times, with one term after the other."""
    names = cycle(term.source for term in known)
    patterns = islice(cycle(PATTERNS), SENTENCES)
    return [
        pattern.format(*(next(names) for _ in range(1 + ("{1}" in pattern))))
        for pattern in patterns
    ]


def _print_terms(engine: Engine) -> bool:
    """For each language, how many terms came as they should; each sentence with a wrong one."""
    known = terms()
    assert len(known) == TERMS
    wording, texts = Wording(Glossary(tuple(known))), _sentences(known)
    targets = [code for code in engine.languages if code != "en"]
    print(f"\n{'language':>8}  {'terms':>5}  {'right':>5}   of {len(texts)} sentences")
    wrong: list[str] = []
    for target in targets:
        right = total = 0
        for text in texts:
            there, asked, answer = _judged(engine, wording, text, target)
            right, total = right + there, total + asked
            if there < asked:
                wrong.append(f"{target}: {text} -> {answer}")
        print(f"{target:>8}  {total:>5}  {right:>5}")
    print(*wrong, sep="\n")
    return bool(wrong) or not targets


def _judged(engine: Engine, wording: Wording, text: str, target: str) -> tuple[int, int, str]:
    """How many terms of a sentence are right, of how many, and what the engine answered."""
    protected = wording.mentions(canonical(text), "en").protected(target)
    translate = partial(engine.translate, source="en", target=target)
    answer = protected.whole or around_elements(protected.text, translate)
    try:
        said = answer if protected.whole else protected.restore(answer)
    except TermsLost:
        return 0, len(protected.forms), answer
    forms = Counter(protected.forms)
    there = sum(min(count, said.count(form)) for form, count in forms.items())
    return there, len(protected.forms), said


if __name__ == "__main__":
    sys.exit(main())
