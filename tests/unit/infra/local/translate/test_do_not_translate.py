"""What is marked as not to be translated comes back as Amazon returns it."""

import pytest

from infra.local.translate.do_not_translate import around_elements

NO = '<span translate="no">'


@pytest.mark.parametrize(
    ("text", "translated"),
    [
        ("no markup & <b>", "NO MARKUP & <B>"),
        (f"in {NO}sala</span> now", f"IN {NO}sala</span> NOW"),
        (f"a &amp; b {NO}x &lt; y</span> &lt;c&gt;", f"A &amp; B {NO}x &lt; y</span> &lt;C&gt;"),
        ("<p translate=no>Leave this.</p> And go", "<p translate=no>Leave this.</p> AND GO"),
        (f"{NO}Dr. Who?</span>'s car", f"{NO}Dr. Who?</span>'S CAR"),
        (f"{NO}a</span> {NO}b</span>, c", f"{NO}a</span> {NO}b</span>, C"),
        (f"X0X {NO}a</span> b", f"X0X {NO}a</span> B"),
        (f"{NO}a</span>!", f"{NO}a</span>!"),
        ('<i translate="yes">a</i>', '<I TRANSLATE="YES">A</I>'),
        ('<i translate="nonsense">a</i>', '<I TRANSLATE="NONSENSE">A</I>'),
    ],
)
def test_an_element_that_is_not_to_be_translated_stays(text: str, translated: str) -> None:
    assert around_elements(text, str.upper) == translated


def test_an_engine_that_loses_a_stand_in_loses_no_element() -> None:
    assert around_elements(f"in {NO}a</span> now", lambda text: text.replace("X0X", "")) == (
        f"in {NO}a</span> now"
    )


def test_an_element_ends_no_sentence() -> None:
    seen: list[str] = []

    def translate(text: str) -> str:
        seen.append(text)
        return text

    around_elements(f"Ask {NO}E. O. Wilson!</span> about ants.", translate)
    assert seen == ["Ask X0X about ants."]
