"""The languages that Amazon Translate knows, as data: names, writing direction, tags they serve.

Codes are spelt as Translate spells them
(https://docs.aws.amazon.com/translate/latest/dg/what-is-languages.html), English names follow its
list, native names and directions follow CLDR. Translate does not offer Galician; other engines
that speak its protocol do.
"""

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass

from chalice_app.domain.language_fallbacks import ALIASES, FALLBACKS


@dataclass(frozen=True, slots=True)
class Language:
    """A language that the engine offers; `quality` only where the engine states it."""

    code: str
    name: str
    native_name: str
    direction: str
    quality: str | None = None


LTR, RTL = "ltr", "rtl"

# ISO 639 language, ISO 15924 script, ISO 3166 or UN M.49 region, in their canonical case: all that
# Translate's codes use of BCP 47 (RFC 5646, section 2.1), and a little more.
_TAG = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?")

LONGEST_TAG = 100
"""Characters; tags with many extensions have 60."""

# What browsers and systems send besides: any case, `_`, variants, extensions, private use. The
# length or the first character tells one part from the next, so no tag is read twice.
_AS_SENT = re.compile(
    r"(?P<plain>[A-Za-z]{2,3}([-_][A-Za-z]{4})?([-_]([A-Za-z]{2}|[0-9]{3}))?)"
    r"([-_]([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*"
    r"([-_][0-9A-WY-Za-wy-z]([-_][A-Za-z0-9]{2,8})+)*"
    r"([-_][Xx]([-_][A-Za-z0-9]{1,8})+)?"
)

_TRANSLATE = (
    ("af", "Afrikaans", "Afrikaans", LTR),
    ("sq", "Albanian", "shqip", LTR),
    ("am", "Amharic", "አማርኛ", LTR),
    ("ar", "Arabic", "العربية", RTL),
    ("hy", "Armenian", "հայերեն", LTR),
    ("az", "Azerbaijani", "azərbaycan", LTR),
    ("bn", "Bengali", "বাংলা", LTR),
    ("bs", "Bosnian", "bosanski", LTR),
    ("bg", "Bulgarian", "български", LTR),
    ("ca", "Catalan", "català", LTR),
    ("zh", "Chinese (Simplified)", "中文 (简体)", LTR),
    ("zh-TW", "Chinese (Traditional)", "中文 (繁體)", LTR),
    ("hr", "Croatian", "hrvatski", LTR),
    ("cs", "Czech", "čeština", LTR),
    ("da", "Danish", "dansk", LTR),
    ("fa-AF", "Dari", "دری", RTL),
    ("nl", "Dutch", "Nederlands", LTR),
    ("en", "English", "English", LTR),
    ("et", "Estonian", "eesti", LTR),
    ("fa", "Farsi (Persian)", "فارسی", RTL),
    ("tl", "Filipino, Tagalog", "Filipino", LTR),
    ("fi", "Finnish", "suomi", LTR),
    ("fr", "French", "français", LTR),
    ("fr-CA", "French (Canada)", "français (Canada)", LTR),
    ("ka", "Georgian", "ქართული", LTR),
    ("de", "German", "Deutsch", LTR),
    ("el", "Greek", "Ελληνικά", LTR),
    ("gu", "Gujarati", "ગુજરાતી", LTR),
    ("ht", "Haitian Creole", "Kreyòl Ayisyen", LTR),
    ("ha", "Hausa", "Hausa", LTR),
    ("he", "Hebrew", "עברית", RTL),
    ("hi", "Hindi", "हिन्दी", LTR),
    ("hu", "Hungarian", "magyar", LTR),
    ("is", "Icelandic", "íslenska", LTR),
    ("id", "Indonesian", "Indonesia", LTR),
    ("ga", "Irish", "Gaeilge", LTR),
    ("it", "Italian", "italiano", LTR),
    ("ja", "Japanese", "日本語", LTR),
    ("kn", "Kannada", "ಕನ್ನಡ", LTR),
    ("kk", "Kazakh", "қазақ тілі", LTR),
    ("ko", "Korean", "한국어", LTR),
    ("lv", "Latvian", "latviešu", LTR),
    ("lt", "Lithuanian", "lietuvių", LTR),
    ("mk", "Macedonian", "македонски", LTR),
    ("ms", "Malay", "Melayu", LTR),
    ("ml", "Malayalam", "മലയാളം", LTR),
    ("mt", "Maltese", "Malti", LTR),
    ("mr", "Marathi", "मराठी", LTR),
    ("mn", "Mongolian", "монгол", LTR),
    ("no", "Norwegian (Bokmål)", "norsk bokmål", LTR),
    ("ps", "Pashto", "پښتو", RTL),
    ("pl", "Polish", "polski", LTR),
    ("pt", "Portuguese (Brazil)", "português (Brasil)", LTR),
    ("pt-PT", "Portuguese (Portugal)", "português (Portugal)", LTR),
    ("pa", "Punjabi", "ਪੰਜਾਬੀ", LTR),
    ("ro", "Romanian", "română", LTR),
    ("ru", "Russian", "русский", LTR),
    ("sr", "Serbian", "српски", LTR),
    ("si", "Sinhala", "සිංහල", LTR),
    ("sk", "Slovak", "slovenčina", LTR),
    ("sl", "Slovenian", "slovenščina", LTR),
    ("so", "Somali", "Soomaali", LTR),
    ("es", "Spanish", "español", LTR),
    ("es-MX", "Spanish (Mexico)", "español (México)", LTR),
    ("sw", "Swahili", "Kiswahili", LTR),
    ("sv", "Swedish", "svenska", LTR),
    ("ta", "Tamil", "தமிழ்", LTR),
    ("te", "Telugu", "తెలుగు", LTR),
    ("th", "Thai", "ไทย", LTR),
    ("tr", "Turkish", "Türkçe", LTR),
    ("uk", "Ukrainian", "українська", LTR),
    ("ur", "Urdu", "اردو", RTL),
    ("uz", "Uzbek", "o‘zbek", LTR),  # noqa: RUF001  # its own letter
    ("vi", "Vietnamese", "Tiếng Việt", LTR),
    ("cy", "Welsh", "Cymraeg", LTR),
)
_OTHER_ENGINES = (("gl", "Galician", "galego", LTR),)

LANGUAGES = {row[0]: Language(*row) for row in (*_TRANSLATE, *_OTHER_ENGINES)}


CODES = frozenset(LANGUAGES)


_HYPHEN = re.compile("-")


def plain_tag(tag: str) -> str | None:
    """A tag as it was sent in its canonical form, or None if it is not well-formed.

    Case and `_` are as BCP 47 spells them (`zh_tw` is `zh-TW`). Variants, extensions and private
    use say nothing that an engine knows, and are left out (`en-US-u-ca-gregory` is `en-US`).
    """
    sent = _AS_SENT.fullmatch(tag) if len(tag) <= LONGEST_TAG else None
    return canonical_tag(sent["plain"].replace("_", "-")) if sent else None


def resolve(tag: str, offered: Container[str]) -> str | None:
    """The offered language that serves a plain tag best; None if there is none.

    It is what the pages find for a browser's language (`web/shared/language-matching.js`).
    """
    if tag in offered:
        return tag
    language, hyphen, rest = tag.partition("-")
    named = ALIASES.get(language, language) + hyphen + rest
    return next((code for code in _serving(named) if code in offered), None)


def _serving(tag: str) -> Sequence[str]:
    """The table's row for a tag, or for the tag without its last parts (RFC 4647, section 3.4).

    Without any row, those shorter tags themselves: an engine may offer more than the table knows.
    """
    ever_shorter = [tag, *(tag[: hyphen.start()] for hyphen in reversed([*_HYPHEN.finditer(tag)]))]
    rows = (FALLBACKS[each].split() for each in ever_shorter if each in FALLBACKS)
    return next(rows, ever_shorter)


def canonical_tag(tag: str) -> str:
    """The tag in its canonical case (`PT-br` is `pt-BR`): BCP 47 ignores case, engines do not."""
    language, *rest = tag.split("-")
    cased = (part.title() if len(part) == 4 else part.upper() for part in rest)
    return "-".join([language.lower(), *cased])


def is_language_tag(tag: str) -> bool:
    """Whether it is a plain tag in canonical form (`es`, `zh-Hant`, `es-419`).

    Whether an engine offers it is another question.
    """
    return _TAG.fullmatch(tag) is not None


def describe(code: str) -> Language:
    """A language's names and direction, without quality.

    A code that the table lacks has itself for a name; its direction is that of its base language,
    left to right if that is unknown, too.
    """
    known = LANGUAGES.get(code)
    if known is not None:
        return known
    base = LANGUAGES.get(code.partition("-")[0])
    return Language(code, code, code, base.direction if base else LTR)
