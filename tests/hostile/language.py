"""What may stand where a language tag is expected."""

from collections.abc import Mapping

INVALID: Mapping[str, object] = {
    "null": None,
    "empty": "",
    "one letter": "e",
    "a name": "english",
    "another name": "spanish",
    "two words": "no language",
    "an underscore at the end": "es_",
    "two underscores": "es__MX",
    "a hyphen at the end": "es-",
    "a hyphen at the start": "-es",
    "a region of three letters": "es-MXX",
    "a region of one digit": "es-1",
    "an extension of nothing": "es-MX-x",
    "another extension of nothing": "es-u",
    "private use alone": "x-klingon",
    "a variant without its language": "1996",
    "a locale of POSIX": "es_MX.UTF-8",
    "NUL": "es\0",
    "NUL inside": "es-\0MX",
    "Arabic digits": "es-\u0664\u0661\u0669",
    "a space before it": " es",
    "a line break": "es\n",
    "one Cyrillic letter": "\u0435s",
    "Cyrillic": "\u0435\u0441",
    "a lone surrogate": "\ud800",
    "very long": "es" * 30_000,
    "very many parts": "es" + "-abcde" * 10_000,
    "very many extensions": "es" + "-a-bc" * 10_000,
    "a number": 7,
    "true": True,
    "a list": ["es"],
    "an object": {"es": 1},
}
"""INVALID_LANGUAGE."""

NOT_OFFERED: Mapping[str, str] = {
    "Klingon": "tlh",
    "no such language": "xx",
    "no such language, with all parts": "xx-Latn-ZZ-abcde-u-ca-buddhist-x-y",
    "a script that no engine here writes": "pa-Arab",
}
"""Well-formed, and UNSUPPORTED_LANGUAGE."""

LANGUAGES: Mapping[str, tuple[object, str]] = {
    **{name: (value, "INVALID_LANGUAGE") for name, value in INVALID.items()},
    **{name: (value, "UNSUPPORTED_LANGUAGE") for name, value in NOT_OFFERED.items()},
}
"""All of them, with the error's code."""
