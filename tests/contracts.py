"""The machine-readable contracts of docs/, loaded: what conforms to them, and what does not."""

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

DOCS = Path(__file__).parents[1] / "docs"
SCHEMAS = {path: json.loads(path.read_text("utf-8")) for path in DOCS.glob("schemas/**/*.json")}
OPENAPI = json.loads((DOCS / "openapi.json").read_text("utf-8"))
ASYNCAPI = json.loads((DOCS / "asyncapi.json").read_text("utf-8"))
_REGISTRY: Registry[Any] = Registry().with_resources(
    (path.as_uri(), Resource.from_contents(schema)) for path, schema in SCHEMAS.items()
)


def validator(path: Path) -> Draft202012Validator:
    """A schema of docs/schemas/, with all that it refers to."""
    return Draft202012Validator({"$ref": path.as_uri()}, registry=_REGISTRY)


def incoming(action: str) -> Draft202012Validator:
    """The schema of what clients send."""
    return validator(DOCS / f"schemas/incoming/{action}.json")


def outgoing(kind: str) -> Draft202012Validator:
    """The schema of what the server sends."""
    return validator(DOCS / f"schemas/outgoing/{kind}.json")
