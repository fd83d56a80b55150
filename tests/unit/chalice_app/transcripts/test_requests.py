"""What a transcript's query may say."""

import pytest

from chalice_app.domain.errors import BadMessage, InvalidLanguage
from chalice_app.transcripts.requests import FORMATS, MEDIA_TYPES, TranscriptRequest, parse_request


def test_each_format_has_its_type() -> None:
    assert [parse_request({"format": [each]}).format for each in FORMATS] == list(MEDIA_TYPES)


def test_languages_are_tags_as_people_write_them() -> None:
    wanted = parse_request({"format": ["srt"], "language": ["pt_br"], "with": ["ES"], "x": ["y"]})
    assert wanted == TranscriptRequest("srt", "pt-BR", "es")
    assert parse_request({"format": ["srt"]}) == TranscriptRequest("srt")


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"format": [""]},
        {"format": ["SRT"]},
        {"format": ["docx"]},
        {"format": ["srt\r\nX: y"]},
    ],
)
def test_a_format_that_there_is_not_is_refused_with_the_four(query: dict[str, list[str]]) -> None:
    with pytest.raises(BadMessage, match="one of txt, srt, vtt, json"):
        parse_request(query)


@pytest.mark.parametrize("name", ["format", "language", "with"])
def test_a_parameter_that_is_there_twice_is_refused(name: str) -> None:
    with pytest.raises(BadMessage, match=f"{name} must be given once"):
        parse_request({"format": ["srt"], name: ["srt", "srt"]})


@pytest.mark.parametrize("tag", ["", "e", "español", "../es", "es\n", "x" * 200])
@pytest.mark.parametrize("name", ["language", "with"])
def test_what_is_no_tag_is_refused(name: str, tag: str) -> None:
    with pytest.raises(InvalidLanguage):
        parse_request({"format": ["srt"], name: [tag]})
