"""A glossary from a file, as the commands take it: JSON, as clients send it, or CSV.

The columns of a CSV, in any order: `source`, `keep`, `caseSensitive`, `blocked`, one a language;
`source` alone must be there. A row with words in `blocked` and no source blocks them.
"""

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chalice_app.domain.errors import BadGlossary
from chalice_app.glossary.parsing import parse_glossary
from chalice_app.glossary.terms import Glossary

_YES, _NO = ("true", "yes", "1", "x"), ("", "false", "no", "0")
_OWN = ("source", "keep", "caseSensitive", "blocked")


def read_glossary_file(name: str) -> Glossary:
    """The glossary of a file.

    Raises:
        BadGlossary: it cannot be read, or something in it is wrong.
    """
    try:
        text = Path(name).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadGlossary(f"{name} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadGlossary(f"{name} is not UTF-8") from error
    is_csv = Path(name).suffix.lower() == ".csv"
    try:
        return parse_glossary(json.dumps(_of_csv(text), ensure_ascii=False) if is_csv else text)
    except BadGlossary as failure:
        raise BadGlossary(f"{name}: {failure.message}", **failure.details) from None


def _of_csv(text: str) -> Mapping[str, Any]:
    """The rows as clients send them."""
    rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        if "source" not in (rows.fieldnames or ()):
            raise BadGlossary("the first row must name the columns, of which one is source")
        found = [{name: (cell or "").strip() for name, cell in row.items()} for row in rows]
    except (csv.Error, AttributeError) as error:
        raise BadGlossary("a row is not CSV, or has more cells than the first") from error
    return {
        "terms": [_term(row) for row in found if _says_something(row)],
        "blocked": [row["blocked"] for row in found if row.get("blocked")],
    }


def _says_something(row: Mapping[str, str]) -> bool:
    """Whether it has a term, whole or not: other rows are empty, or of blocked words alone."""
    return any(cell for name, cell in row.items() if name != "blocked")


def _term(row: Mapping[str, str]) -> dict[str, Any]:
    targets = {name: form for name, form in row.items() if name not in _OWN and form}
    return {
        "source": row["source"],
        "keep": _flag(row, "keep"),
        "caseSensitive": _flag(row, "caseSensitive"),
        "targets": targets,
    }


def _flag(row: Mapping[str, str], name: str) -> bool:
    value = row.get(name, "").lower()
    if value not in (*_YES, *_NO):
        raise BadGlossary(f"{name} must be true or false, not {value!r}")
    return value in _YES
