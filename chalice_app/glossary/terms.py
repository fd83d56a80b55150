"""A glossary: terms and blocked words."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any


@dataclass(frozen=True, slots=True)
class Term:
    """Words that are said in one way: as they are (`keep`), or as `targets` say, by language."""

    source: str
    keep: bool = False
    targets: Mapping[str, str] = field(default_factory=dict)
    case_sensitive: bool = False

    def applies_to(self, target: str) -> bool:
        """Whether it has something to say in that language."""
        return self.keep or self.form_in(target) is not None

    def form_in(self, target: str) -> str | None:
        """Its form in a language: a region without a form of its own has the language's.

        Traditional Chinese (`zh-TW`) is written otherwise than Chinese (`zh`).
        """
        base = target.partition("-")[0]
        return self.targets.get(target) or (self.targets.get(base) if base != "zh" else None)

    def body(self) -> dict[str, Any]:
        """As clients send it."""
        what: dict[str, Any] = {"keep": True} if self.keep else {"targets": dict(self.targets)}
        case = {"caseSensitive": True} if self.case_sensitive else {}
        return {"source": self.source, **what, **case}


@dataclass(frozen=True)
class Glossary:
    """Terms, and words that are masked in every language."""

    terms: tuple[Term, ...] = ()
    blocked: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.terms or self.blocked)

    def body(self) -> dict[str, Any]:
        """As clients send it."""
        return {"terms": [term.body() for term in self.terms], "blocked": list(self.blocked)}

    @cached_property
    def version(self) -> str:
        """The same for the same words, another for others."""
        encoded = json.dumps(self.body(), ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(encoded.encode()).hexdigest()[:16]
