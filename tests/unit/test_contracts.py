"""The machine-readable contracts in docs/ say what the code does."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from app import app
from chalice_app.domain import errors
from chalice_app.wire.incoming import parse_message
from tests.contracts import ASYNCAPI, DOCS, OPENAPI, SCHEMAS, validator

ROOT = Path(__file__).parents[2]
INCOMING = sorted(path.stem for path in SCHEMAS if path.parent.name == "incoming")


def references(node: object) -> list[str]:
    if isinstance(node, list):
        return [found for each in node for found in references(each)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
    return own + [found for each in node.values() for found in references(each)]


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_schema_is_valid_and_its_examples_conform(path: Path) -> None:
    Draft202012Validator.check_schema(SCHEMAS[path])
    for example in SCHEMAS[path].get("examples", []):
        validator(path).validate(example)


def test_every_route_is_described_and_no_other() -> None:
    described = {
        (path, method.upper()) for path, item in OPENAPI["paths"].items() for method in item
    }
    routes = {(path, method) for path, methods in app.routes.items() for method in methods}
    assert described == routes


def test_every_action_is_described_and_no_other() -> None:
    source = (ROOT / "chalice_app/wire/incoming.py").read_text("utf-8")
    parser = source.partition("def parse_message")[2].partition("\ndef ")[0]
    cases = re.findall(r"case (.*):", parser)
    assert {word for case in cases for word in re.findall(r'"(\w+)"', case)} == set(INCOMING)


def test_every_message_is_described_and_no_other() -> None:
    sources = (ROOT / "chalice_app").rglob("*.py")
    made = {
        kind for path in sources for kind in re.findall(r'"type": "(\w+)"', path.read_text("utf-8"))
    }
    assert made == {path.stem for path in SCHEMAS if path.parent.name == "outgoing"}


def test_asyncapi_has_every_message() -> None:
    payloads = {m["payload"]["$ref"] for m in ASYNCAPI["components"]["messages"].values()}
    files = {path for path in SCHEMAS if path.parent.name in ("incoming", "outgoing")}
    assert payloads == {f"./{path.relative_to(DOCS).as_posix()}" for path in files}


@pytest.mark.parametrize("document", [OPENAPI, ASYNCAPI], ids=["openapi", "asyncapi"])
def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    for reference in references(document):
        file, _, pointer = reference.partition("#")
        node: Any = SCHEMAS[(DOCS / file).resolve()] if file else document
        for part in filter(None, pointer.split("/")):
            node = node[part.replace("~1", "/").replace("~0", "~")]


def test_every_code_is_described_and_no_other() -> None:
    schema = SCHEMAS[DOCS / "schemas/outgoing/error.json"]
    codes = {each.code for each in errors.BroadcasterError.__subclasses__()}
    assert set(schema["properties"]["code"]["enum"]) == codes


def test_only_statuses_that_errors_have_carry_an_error() -> None:
    known = {each.http_status for each in errors.BroadcasterError.__subclasses__()}
    told = {
        int(status)
        for item in OPENAPI["paths"].values()
        for operation in item.values()
        for status, answer in operation["responses"].items()
        if "error.json" in json.dumps(answer)
    }
    assert told == known


@pytest.mark.parametrize("action", INCOMING)
def test_the_parser_takes_the_examples_and_refuses_what_the_schema_refuses(action: str) -> None:
    path = DOCS / f"schemas/incoming/{action}.json"
    for example in SCHEMAS[path]["examples"]:
        parse_message(json.dumps(example))
        for field in SCHEMAS[path]["required"]:
            lacking = {name: value for name, value in example.items() if name != field}
            with pytest.raises(ValidationError):
                validator(path).validate(lacking)
            with pytest.raises(errors.BroadcasterError):
                parse_message(json.dumps(lacking))


@pytest.mark.parametrize("client", sorted(DOCS.glob("clients/*.[pj][ys]")), ids=lambda at: at.name)
def test_a_client_is_a_page_of_code(client: Path) -> None:
    code = re.sub(r'"""[^"]*"""|/\*.*?\*/', "", client.read_text("utf-8"), flags=re.S)
    no_code = ("//", "#", "import ", "from ")
    lines = [line.strip() for line in code.splitlines()]
    assert 20 < len([line for line in lines if line and not line.startswith(no_code)]) <= 40
