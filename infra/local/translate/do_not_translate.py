"""Amazon Translate's do-not-translate markup, on an engine that knows none.

A text with an element that has `translate="no"` is HTML, as at Amazon: what is round the elements
is translated, and they come back with their tags, unchanged, at their place in the sentence. A
stand-in goes through the engine for each: so what is in an element ends no sentence.
Source: https://docs.aws.amazon.com/translate/latest/dg/customizing-translations-tags.html
"""

import html
import re

from infra.local.translate.engine.masking import Translate, masked

_ELEMENT = re.compile(
    r"<(?P<name>[a-z]\w*)\b[^<>]*\stranslate\s*=\s*[\"']?no[\"']?(?=[\s>])[^<>]*>"
    r".*?</(?P=name)\s*>",
    re.IGNORECASE | re.DOTALL,
)


def around_elements(text: str, translate: Translate) -> str:
    """Translate a text, but leave alone the elements that are not to be translated."""
    if not _ELEMENT.search(text):
        return translate(text)

    def plain(between: str) -> str:
        return html.escape(translate(html.unescape(between)), quote=False)

    return masked(_ELEMENT, text, plain)
