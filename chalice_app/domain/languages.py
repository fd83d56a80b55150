"""The languages that Amazon Translate knows, as data: names, writing direction, well-formed tags.

Codes are spelt as Translate spells them
(https://docs.aws.amazon.com/translate/latest/dg/what-is-languages.html), English names follow its
list, native names and directions follow CLDR. Translate does not offer Galician; other engines
that speak its protocol do.
"""

import re
from dataclasses import dataclass


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


def canonical_tag(tag: str) -> str:
    """The tag in its canonical case (`PT-br` is `pt-BR`): BCP 47 ignores case, engines do not."""
    language, *rest = tag.split("-")
    cased = (part.title() if len(part) == 4 else part.upper() for part in rest)
    return "-".join([language.lower(), *cased])


def is_language_tag(tag: str) -> bool:
    """Whether a client may send it as a language: well-formed (`es`, `zh-Hant`, `es-419`).

    Whether an engine offers it is another question. Extensions, variants and private use are
    refused: no engine knows them.
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
