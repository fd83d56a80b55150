"""What may stand in the cache under the key of "Hello" in Spanish, in place of an entry."""

from collections.abc import Mapping
from typing import Any

from chalice_app.cache.lookup import cache_key
from tests.fakes.domain import NOW_MS

KEY = cache_key("en", "es", "Hello")

ROWS: Mapping[str, Mapping[str, Any]] = {
    "no text": {},
    "no translation": {"sourceText": "Hello"},
    "no source text": {"translatedText": "Adi\xf3s"},
    "translation empty": {"sourceText": "Hello", "translatedText": ""},
    "translation blank": {"sourceText": "Hello", "translatedText": " \u200b"},
    "translation without end": {"sourceText": "Hello", "translatedText": "Hola" * 50},
    "translation a number": {"sourceText": "Hello", "translatedText": 7},
    "ttl a word": {"sourceText": "Hello", "translatedText": "Adi\xf3s", "ttl": "soon"},
    "no time of creation": {
        "sourceText": "Hello",
        "translatedText": "Adi\xf3s",
        "createdAt": None,
    },
    "expired now": {"sourceText": "Hello", "translatedText": "Adi\xf3s", "ttl": NOW_MS // 1000},
    "ttl negative": {"sourceText": "Hello", "translatedText": "Adi\xf3s", "ttl": -1},
    "of another text": {"sourceText": "Goodbye", "translatedText": "Adi\xf3s"},
    "into another language": {
        "sourceText": "Hello",
        "translatedText": "Adeus",
        "targetLanguage": "pt",
    },
    "from another language": {
        "sourceText": "Hello",
        "translatedText": "Adi\xf3s",
        "sourceLanguage": "fr",
    },
    "of other settings": {
        "sourceText": "Hello",
        "translatedText": "Adi\xf3s",
        "settings": "formal",
    },
    "texts that are none": {"sourceText": ["Hello"], "translatedText": {"es": "Adi\xf3s"}},
}
"""What of a good row is replaced or, where a text is missing, was never there."""

UNREADABLE: Mapping[str, Any] = {
    "cacheKey": {"S": KEY},
    "sourceText": {"B": b"\xff"},
    "ttl": {"NS": ["1"]},
}
"""An item of types that no code of this project writes."""
