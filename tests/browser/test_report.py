"""The event report's page: the token, the figures, the charts, the tables, paper, and bad days."""

import csv
import io
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from chalice_app.domain.reports import LanguageReport, Posted
from tests.browser.conftest import OpenPage
from tests.browser.stub_report import talk_report
from tests.browser.stub_stage import TOKEN, StubStage
from tests.fakes.domain import NOW_MS
from tests.integration.client import PATIENCE, Stage
from tests.integration.kept_talk import keep_talk

STORED = {"sessionId": "golden-eagle-427", "speakerToken": TOKEN}
REPORT = "/s/golden-eagle-427/report"


def held(storage: str, **changes: str) -> str:
    """What the speaker's page has left in this browser."""
    value = json.dumps(json.dumps({**STORED, **changes}))
    # The empty page before the first has no storage.
    return f"if (location.protocol === 'http:') {storage}.setItem('speaker', {value});"


def read(stub: StubStage, open_page: OpenPage, script: str = held("localStorage")) -> Page:
    """The report of a speaker whose browser has the token."""
    page = open_page(f"{stub.http}{REPORT}", locale="en", script=script, timezone_id="UTC")
    expect(page.locator("#sentences tr")).not_to_have_count(0)
    return page


def figures(page: Page) -> Mapping[str, str]:
    """The key figures by their names."""
    return {
        each.locator("dt").inner_text(): each.locator(".value").inner_text()
        for each in page.locator("#figures > div").all()
    }


# --- the token ---


def test_the_token_is_asked_for_kept_by_the_tab_and_never_in_the_address(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(f"{stub.http}{REPORT}", locale="en")
    field = page.get_by_label("The speaker\u2019s token")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("type", "password")
    for wrong in ("a-wrong-one", "tokén"):
        field.fill(wrong)
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert").first).to_have_text(
            "That is not this session\u2019s token."
        )
    field.fill(TOKEN)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Opening night")
    assert page.url == f"{stub.http}{REPORT}"
    assert page.evaluate("localStorage.length") == 0
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Opening night")


@pytest.mark.parametrize("storage", ["localStorage", "sessionStorage"])
def test_the_speaker_s_own_browser_shows_it_at_once(
    stub: StubStage, open_page: OpenPage, storage: str
) -> None:
    page = read(stub, open_page, held(storage))
    expect(page).to_have_title("Opening night · Event report")
    expect(page.locator("#door")).to_be_hidden()


def test_another_session_s_token_is_not_tried(stub: StubStage, open_page: OpenPage) -> None:
    script = held("localStorage", sessionId="quiet-river-100")
    page = open_page(f"{stub.http}{REPORT}", locale="en", script=script)
    expect(page.get_by_label("The speaker\u2019s token")).to_have_value("")
    expect(page.locator("#token-problem")).to_have_text("")


# --- what it shows ---


def test_the_key_figures_are_the_report_s(stub: StubStage, open_page: OpenPage) -> None:
    made = stub.report.made
    shown = figures(read(stub, open_page))
    assert shown["Listeners at once"] == f"{made.figures.most_listeners:,}"
    assert shown["Sentences"] == "250"
    assert shown["Refused at the door"] == "15"
    assert shown["Half were delivered within"] == f"{made.figures.latencies[50]} ms"
    delivered, of = made.totals.delivered, made.totals.listeners
    assert delivered < of
    assert shown["Delivered"] == f"{int(10_000 * delivered / of) / 100:g} %"


def test_a_talk_that_missed_one_in_a_million_is_not_called_complete(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = read(stub, open_page)
    written = page.evaluate(
        """async () => {
          const { percent } = await import("/web/report-format.js");
          return [percent(999_999, 1_000_000), percent(1_000_000, 1_000_000), percent(0, 0)];
        }"""
    )
    assert written == ["99.99 %", "100 %", "–"]


def test_the_page_s_latencies_of_a_language_are_weighed_as_the_server_s(
    stub: StubStage, open_page: OpenPage
) -> None:
    stub.report.made = talk_report(sentences=120, listeners=300, shares={"es": 100})
    cells = (
        read(stub, open_page).locator("#by-language tr").first.locator("th, td").all_inner_texts()
    )
    latencies = stub.report.made.figures.latencies
    assert cells[0] == "Spanish"
    assert cells[5:7] == [f"{latencies[50]} ms", f"{latencies[95]} ms"]


def test_each_language_has_a_chart_that_says_in_words_what_it_shows(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = read(stub, open_page)
    charts = page.get_by_role("img")
    expect(charts).to_have_count(1 + 6)
    expect(charts.first).to_have_attribute(
        "aria-label",
        re.compile(r"^All languages: 400 at most, \d+ at the beginning, \d+ at the end"),
    )
    expect(charts.nth(1)).to_have_attribute("aria-label", re.compile("^Spanish: 160 at most"))
    page.get_by_text("The same as a table").click()
    expect(page.locator("#timeline-rows tr").first).to_be_visible()
    assert page.locator("#timeline-head th").all_inner_texts()[:3] == ["Time", "All", "Spanish"]


def test_many_languages_are_some_charts_and_the_rest_together(
    stub: StubStage, open_page: OpenPage
) -> None:
    codes = {f"x{number:02}": 3 for number in range(30)}
    stub.report.made = talk_report(sentences=10, listeners=1_000, shares=codes)
    page = read(stub, open_page)
    expect(page.locator("#timelines figure")).to_have_count(12)
    expect(page.locator("#timelines figure").last).to_contain_text("19 more languages")
    expect(page.locator("#by-language tr")).to_have_count(30)


def test_the_sentences_are_shown_a_hundred_at_a_time(stub: StubStage, open_page: OpenPage) -> None:
    page = read(stub, open_page)
    rows, shown = page.locator("#sentences tr"), page.locator("#shown")
    expect(shown).to_have_text("1 to 100 of 250")
    later = page.get_by_role("button", name="Later")
    later.click()
    later.click()
    expect(shown).to_have_text("201 to 250 of 250")
    expect(rows).to_have_count(50)
    expect(later).to_have_attribute("aria-disabled", "true")
    page.keyboard.press("Enter")
    expect(shown).to_have_text("201 to 250 of 250")
    expect(later).to_be_focused()


def test_the_sentences_of_a_language_and_those_that_missed_somebody(
    stub: StubStage, open_page: OpenPage
) -> None:
    rows = [row for row in stub.report.made.rows if row.language == "es"]
    missed = [row for row in rows if row.delivered < row.listeners or row.untranslated]
    assert missed
    page = read(stub, open_page)
    page.get_by_label("Language", exact=True).select_option(label="Spanish")
    page.get_by_label("Only those that did not reach everybody").check()
    numbers = page.locator("#sentences th").all_inner_texts()
    assert numbers == [str(row.sequence) for row in missed][:100]


def test_a_running_session_says_so_and_can_be_asked_again(
    stub: StubStage, open_page: OpenPage
) -> None:
    made = talk_report(sentences=20, listeners=40)
    stub.report.made = replace(made, session=replace(made.session, ended_at=None))
    stub.report.now_ms = NOW_MS + 100_000
    page = read(stub, open_page)
    expect(page.locator("#report-running")).to_contain_text("Still running")
    stub.report.made = talk_report(sentences=30, listeners=40)
    page.get_by_role("button", name="Refresh").click()
    expect(page.locator("#sentences tr")).to_have_count(30)
    expect(page.locator("#report-running")).to_be_hidden()


# --- files and paper ---


@pytest.mark.parametrize("form", ["CSV", "JSON"])
def test_the_report_is_saved_as_a_file(stub: StubStage, open_page: OpenPage, form: str) -> None:
    page = read(stub, open_page)
    with page.expect_download() as started:
        page.get_by_role("button", name=f"Download {form}").click()
    download = started.value
    assert download.suggested_filename == f"golden-eagle-427-report.{form.lower()}"
    text = Path(download.path()).read_text(encoding="utf-8")
    rows = (
        list(csv.DictReader(io.StringIO(text))) if form == "CSV" else json.loads(text)["sentences"]
    )
    assert sum(int(row["delivered"]) for row in rows) == stub.report.made.totals.delivered


def test_on_paper_is_every_sentence_and_no_button(stub: StubStage, open_page: OpenPage) -> None:
    page = read(stub, open_page)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(page.locator("#sentences tr")).to_have_count(250)
    assert page.get_by_role("button").count() == 0
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(page.locator("#sentences tr")).to_have_count(100)


def test_the_printed_document_has_every_sentence(stub: StubStage, open_page: OpenPage) -> None:
    page = read(stub, open_page)
    sheets = [len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4")))]
    page.get_by_label("Only those that did not reach everybody").check()
    sheets.append(len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))))
    assert sheets[0] > sheets[1]


# --- bad days ---


@pytest.mark.parametrize(
    ("status", "code", "told"),
    [
        (404, "SEQUENCE_NOT_KEPT", "Nothing of this session is kept"),
        (404, "SESSION_NOT_FOUND", "There is no such session"),
        (429, "RATE_LIMITED", "Try again in 7 seconds"),
        (503, "INTERNAL", "could not put the report together"),
    ],
)
def test_why_there_is_no_report_is_said(
    stub: StubStage, open_page: OpenPage, status: int, code: str, told: str
) -> None:
    stub.report.refuse_with = status, code
    script = held("localStorage")
    page = open_page(f"{stub.http}{REPORT}", locale="en", script=script)
    expect(page.locator("#token-problem")).to_contain_text(told)
    stub.report.refuse_with = None
    page.get_by_role("button", name="Show the report").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Opening night")


def test_a_report_on_the_screen_stays_when_the_next_one_fails(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = read(stub, open_page)
    stub.report.refuse_with = 503, "INTERNAL"
    page.get_by_role("button", name="Download CSV").click()
    expect(page.locator("#report-problem")).to_contain_text("could not put the report together")
    expect(page.locator("#sentences tr")).to_have_count(100)


def test_a_talk_that_nobody_listened_to(stub: StubStage, open_page: OpenPage) -> None:
    stub.report.made = talk_report(sentences=3, listeners=0)
    page = open_page(f"{stub.http}{REPORT}", locale="en", script=held("localStorage"))
    expect(page.locator("#sentences-none")).to_have_text("Nobody listened yet.")
    assert figures(page)["Delivered"] == "–"


def test_a_large_report_comes_from_the_bucket(stage: Stage, open_page: OpenPage) -> None:
    """With the speaker's token, which is not sent on."""
    of = stage.open_session()
    each = LanguageReport(120, Posted(119, ("gone",)), cached=True, latency_ms=1_250)
    languages = [f"{first}{second}" for first in "abcde" for second in "abcdefghijklmno"]
    keep_talk(stage, of, {"en": "Good evening"}, 360, dict.fromkeys(languages, each))
    script = held("localStorage", sessionId=of.session_id, speakerToken=of.token)
    page = open_page(f"{stage.http}/s/{of.session_id}/report", locale="en", script=script)
    expect(page.locator("#sentences tr")).not_to_have_count(0, timeout=PATIENCE * 1000)
    assert figures(page)["Sentences"] == "360"
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    with page.expect_download() as download:
        page.locator("#save-json").click()
    assert [each.startswith(stage.http) for each in asked if "report?" in each] == [True]
    assert not all(each.startswith(stage.http) for each in asked)
    assert download.value.suggested_filename == f"{of.session_id}-report.json"
    report = json.loads(download.value.path().read_text("utf-8"))
    assert len(report["sentences"]) == 360 * 75
