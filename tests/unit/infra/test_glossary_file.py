"""Glossaries from files: JSON as clients send it, and tables."""

import json
from pathlib import Path

import pytest

from chalice_app.domain.errors import BadGlossary
from chalice_app.glossary.terms import Glossary, Term
from infra.glossary_file import read_glossary_file

GLOSSARY = Glossary(
    (Term("Grace Hall", keep=True), Term("grace", False, {"es": "gracia, la"}, True)), ("darn",)
)


def written(folder: Path, name: str, text: str | bytes) -> str:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def test_json_is_as_clients_send_it(tmp_path: Path) -> None:
    name = written(tmp_path, "glossary.json", json.dumps(GLOSSARY.body()))
    assert read_glossary_file(name) == GLOSSARY


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_table_has_a_column_a_language(tmp_path: Path, newline: str, mark: str) -> None:
    rows = [
        mark + "source,keep,caseSensitive,es,pt,blocked",
        "Grace Hall,YES,,,,",
        'grace, no,true,"gracia, la",,',
        ",,,,,darn",
        ",,,,,",
        "",
    ]
    assert read_glossary_file(written(tmp_path, "terms.CSV", newline.join(rows))) == GLOSSARY


def test_a_table_of_sources_and_forms_is_enough(tmp_path: Path) -> None:
    name = written(tmp_path, "a.csv", "es,source\nsala,hall\n")
    assert read_glossary_file(name) == Glossary((Term("hall", targets={"es": "sala"}),))


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("a.json", "{", "not valid JSON"),
        ("a.json", b"\xff", "not UTF-8"),
        ("a.csv", "", "name the columns"),
        ("a.csv", "hall,sala\n", "name the columns"),
        ("a.csv", "source,es\nhall,sala,more\n", "more cells"),
        ("a.csv", 'source,es\nhall,"sala\n', "not CSV"),
        ("a.csv", "source,keep\nhall,maybe\n", "keep must be"),
        ("a.csv", "source,es\nhall,\n", "term 1"),
        ("a.csv", "source,tlh\nhall,x\n", "term 1"),
        ("a.csv", "source,es\n,sala\n", "term 1"),
    ],
)
def test_what_is_wrong_is_said_with_the_file(
    tmp_path: Path, file: str, text: str | bytes, says: str
) -> None:
    with pytest.raises(BadGlossary, match=says) as failure:
        read_glossary_file(written(tmp_path, file, text))
    assert file in failure.value.message


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadGlossary, match=r"none\.json cannot be read"):
        read_glossary_file(str(tmp_path / "none.json"))
