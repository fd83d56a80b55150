"""What clients get of a glossary."""

from typing import Any

from chalice_app.glossary.terms import Glossary


def summary(glossary: Glossary) -> dict[str, Any]:
    """What `PUT /sessions/{id}/glossary` answers."""
    return {
        "terms": len(glossary.terms),
        "blocked": len(glossary.blocked),
        "version": glossary.version,
    }


def glossary(kept: Glossary) -> dict[str, Any]:
    """What `GET /sessions/{id}/glossary` answers: it can be put again as it is."""
    return {**kept.body(), "version": kept.version}
