"""What is to be said of a text in SSML: its words. Breaks become commas, other markup is lost."""

from __future__ import annotations

import re
from typing import Final
from xml.etree import ElementTree as ET  # document types, and so entities, are refused before

_DOCUMENT_TYPE: Final = re.compile(r"<!(DOCTYPE|ENTITY)", re.IGNORECASE)


class InvalidSsml(ValueError):
    """The text is not SSML."""


def words(ssml: str) -> str:
    """The text in a `<speak>` element.

    Raises:
        InvalidSsml: it is not well formed, or not a `<speak>` element.
    """
    if _DOCUMENT_TYPE.search(ssml):
        raise InvalidSsml("a document type is not allowed")
    try:
        root = ET.fromstring(ssml)  # noqa: S314 - see the import
    except ET.ParseError as error:
        raise InvalidSsml(str(error)) from error
    if root.tag.rpartition("}")[2] != "speak":
        raise InvalidSsml("the outermost element must be <speak>")
    for pause in root.iter():
        if pause.tag.rpartition("}")[2] == "break":
            pause.text = ", "
    return " ".join("".join(root.itertext()).split())
