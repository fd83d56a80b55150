"""The operator's page: the token, the alarms, the charts, the sessions, and days that go badly."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.payloads import PAYLOADS
from tests.browser.stub_stage import StubStage
from tests.browser.test_listener import FASTER
from tests.browser.test_safety import WATCH, harmless
from tests.browser.test_speaker import speak
from tests.browser.test_talk import joined, start
from tests.integration.client import Stage


def operate(stub: StubStage, open_page: OpenPage, script: str = FASTER) -> Page:
    page = open_page(f"{stub.http}/ops", locale="en", script=script)
    expect(page.locator("#alarms li")).to_have_count(5)
    return page


def card(page: Page, title: str) -> str:
    """A list item by its heading."""
    return page.locator("#alarms li", has_text=title).inner_text()


# --- the token ---


def test_a_stage_that_asks_for_no_token_is_shown_at_once(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = operate(stub, open_page)
    expect(page.locator("#stage")).to_have_text("hall")
    expect(page.locator("#state")).to_have_text("Live")
    expect(page).to_have_title("hall · Operator\u2019s view")
    expect(page.get_by_role("button", name="Forget the token")).to_be_hidden()


def test_the_token_is_asked_for_kept_for_the_tab_and_forgotten(
    stub: StubStage, open_page: OpenPage
) -> None:
    stub.operators_token = "the-right-one"
    page = open_page(f"{stub.http}/ops", locale="en")
    field = page.get_by_label("The operator\u2019s token")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("type", "password")
    expect(page.get_by_role("alert")).to_have_text("")
    for wrong in ("a-wrong-one", "tokén"):
        field.fill(wrong)
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_have_text("That is not this stage\u2019s token.")
        expect(field).to_have_value("")
    field.fill("the-right-one")
    page.keyboard.press("Enter")
    expect(page.locator("#stage")).to_have_text("hall")
    assert page.url == f"{stub.http}/ops", "it never stands in an address"
    assert page.evaluate("localStorage.length") == 0
    page.reload()
    expect(page.locator("#stage")).to_have_text("hall")
    other = page.context.new_page()
    other.goto(f"{stub.http}/ops")
    expect(other.get_by_label("The operator\u2019s token")).to_be_visible()
    page.get_by_role("button", name="Forget the token").click()
    expect(field).to_be_visible()
    assert page.evaluate("sessionStorage.length") == 0


def test_a_token_that_is_changed_is_asked_for_again(stub: StubStage, open_page: OpenPage) -> None:
    page = operate(stub, open_page)
    stub.operators_token = "a-new-one"
    expect(page.get_by_label("The operator\u2019s token")).to_be_visible()
    expect(page.locator("#view")).to_be_hidden()


# --- the alarms ---


def test_each_alarm_has_its_state_value_limit_and_meaning(
    stub: StubStage, open_page: OpenPage
) -> None:
    stub.operations.alarms = {
        "BroadcastSuccessRate": {"value": 99.87},
        "CacheHitRate": {"value": 12.5},
        "BufferOverflowRate": {"state": "MISSING"},
    }
    page = operate(stub, open_page)
    expect(page.locator("#verdict")).to_have_text("All is quiet.")
    delivered = card(page, "Captions delivered")
    assert "Quiet since" in delivered
    assert "1 h 0 min" in delivered
    assert "99.9 %" in delivered
    assert "Limit: below 95 % for 2 \u00d7 5 min." in delivered
    assert "reached listeners who are there" in delivered
    assert "The value is beyond it now." in card(page, "Translations from the cache")
    assert "Nothing to measure" in card(page, "Translations failed")
    missing = card(page, "Captions too late")
    assert "Not set up on this stage" in missing
    assert "Limit" not in missing


def test_an_alarm_that_fires_is_told_at_once_and_once(stub: StubStage, open_page: OpenPage) -> None:
    page = operate(stub, open_page)
    page.evaluate(
        """() => {
            window.told = [];
            const verdict = document.getElementById("verdict");
            new MutationObserver(() => told.push(verdict.textContent))
                .observe(verdict, { childList: true, characterData: true, subtree: true });
        }"""
    )
    stub.operations.alarms = {"FailedLanguagesCount": {"state": "ALARM", "value": 14}}
    verdict = page.locator("#verdict")
    expect(verdict).to_have_text("One alarm: Translations failed.")
    expect(verdict).to_have_class("verdict firing")
    expect(verdict).to_have_attribute("role", "status")
    stub.looks(stub.operations.looks + 3)
    stub.operations.alarms["CacheHitRate"] = {"state": "ALARM", "value": 3}
    expect(verdict).to_have_text("2 alarms: Translations failed, Translations from the cache.")
    stub.operations.alarms = {}
    expect(verdict).to_have_text("All is quiet.")
    expect(verdict).to_have_class("verdict")
    assert len(page.evaluate("told")) == 3, "a screen reader does not hear the same again"


# --- the charts ---


def test_a_chart_says_in_words_what_it_shows(stub: StubStage, open_page: OpenPage) -> None:
    stub.operations.series = {
        "latencyMedian": [None] * 12 + [40.0, 1250.0, 55.4],
        "rosters": [None] * 14 + [900.0],
    }
    page = operate(stub, open_page)
    latency = page.get_by_role("img", name="Delivery latency")
    expect(latency).to_have_attribute(
        "aria-label",
        "Delivery latency, last 15 minutes: median: last 55.4 ms, between 40 ms and 1.25 s; "
        "slowest 1 %: nothing measured.",
    )
    expect(page.locator("figure", has_text="Delivery latency").locator(".count")).to_have_text(
        "55.4 ms"
    )
    expect(page.locator("figure", has_text="Cache size").locator(".count")).to_have_text("\u2013")
    assert page.locator(".chart [style], .chart script").count() == 0


def test_lines_break_where_nothing_was_measured(stub: StubStage, open_page: OpenPage) -> None:
    stub.operations.series = {"latencyMedian": [10.0, 20.0, None, 30.0, *[None] * 9, 40.0, 50.0]}
    page = operate(stub, open_page)
    line, dot = (
        page.locator("figure", has_text="Delivery latency").locator(f".{kind}.line-1")
        for kind in ("line", "dot")
    )
    assert (line.get_attribute("d") or "").count("M") == 3
    assert (dot.get_attribute("d") or "").count("M") == 2, "the lone minute, and the last"


def test_what_is_counted_now_and_then_holds_in_between(
    stub: StubStage, open_page: OpenPage
) -> None:
    stub.operations.series = {"cacheSize": [None, 5.0, *[None] * 5, 8.0, *[None] * 7]}
    page = operate(stub, open_page)
    line = page.locator("figure", has_text="Cache size").locator(".line-1.line")
    path = line.get_attribute("d") or ""
    assert (path.count("M"), path.count("L")) == (1, 13)


def test_a_count_falls_to_none_when_nothing_is_said_any_more(
    stub: StubStage, open_page: OpenPage
) -> None:
    stub.operations.series = {"sentences": [*[12.0] * 12, None, None, None]}
    page = operate(stub, open_page)
    count = page.locator("figure", has_text="Sentences a minute").locator(".count")
    expect(count).to_have_text("0")
    # The last whole minute may still be on its way.
    stub.operations.series = {"sentences": [*[12.0] * 13, None, None]}
    expect(count).to_have_text("12")
    stub.operations.series = {"sentences": [*[12.0] * 13, 7.0, None]}
    expect(count).to_have_text("7")


def test_the_running_minute_is_no_fall_in_sentences(stub: StubStage, open_page: OpenPage) -> None:
    stub.operations.series = {"sentences": [*[12.0] * 14, 1.0]}
    page = operate(stub, open_page)
    figure = page.locator("figure", has_text="Sentences a minute")
    expect(figure.locator(".count")).to_have_text("12")
    expect(figure.get_by_role("img")).to_have_attribute(
        "aria-label", "Sentences a minute, last 15 minutes: sentences: last 12, between 12 and 12."
    )


def test_the_numbers_are_there_as_a_table(stub: StubStage, open_page: OpenPage) -> None:
    stub.operations.series = {"sentences": [float(n) for n in range(15)]}
    page = operate(stub, open_page)
    page.get_by_text("The same as a table").click()
    table = page.get_by_role("table", name="Measurements by minute, newest first")
    expect(table.get_by_role("row")).to_have_count(16)
    heads = table.get_by_role("columnheader").all_inner_texts()
    assert heads[:3] == ["Minute", "Delivery latency, median", "Delivery latency, slowest 1 %"]
    newest = table.get_by_role("row").nth(1)
    expect(newest.get_by_role("cell").nth(2)).to_have_text("14")


# --- the sessions ---


def test_a_session_s_title_stands_under_its_name(stub: StubStage, open_page: OpenPage) -> None:
    stub.operations.open("golden-eagle-427")["title"] = "Sunday <b>service</b>"
    stub.operations.open("quiet-river-100")
    page = operate(stub, open_page)
    heads = page.locator("#sessions tbody th")
    expect(heads).to_have_text(["golden-eagle-427Sunday <b>service</b>", "quiet-river-100"])


def test_sessions_come_move_and_go(stub: StubStage, open_page: OpenPage) -> None:
    page = operate(stub, open_page)
    expect(page.get_by_text("No session is open.")).to_be_visible()
    first = stub.operations.open("golden-eagle-427", es=2, pt=1)
    rows = page.locator("#sessions tbody tr")
    expect(rows).to_have_count(1)
    expect(page.locator("#heads")).to_have_text("3")
    expect(page.locator("#heads-words")).to_have_text("listening in 1 session")
    cells = rows.first.get_by_role("cell").all_inner_texts()
    assert cells[:5] == ["English", "connected", "7", "10 min", "3"]
    link = page.get_by_role("link", name="golden-eagle-427")
    expect(link).to_have_attribute("href", stub.listener_page)
    link.focus()
    first |= {"languages": {"es": 1}, "listenerCount": 1, "hasSpeaker": False}
    newer = stub.operations.open("quiet-river-100")
    stub.operations.sessions.insert(0, stub.operations.sessions.pop())
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("nobody yet")
    expect(rows.last.locator(".roster li")).to_have_count(1)
    expect(rows.last).to_contain_text("away")
    expect(link).to_be_focused()
    stub.operations.sessions.remove(newer)
    stub.operations.has_more = True
    expect(rows).to_have_count(1)
    expect(page.get_by_text("There are more; these are the newest.")).to_be_visible()


def test_names_and_languages_are_text(stub: StubStage, open_page: OpenPage) -> None:
    for payload in PAYLOADS:
        made = stub.operations.open(payload, **{payload: 1})
        made["sourceLanguage"] = made["title"] = payload
    stub.operations.alarms = {"CacheHitRate": {"state": PAYLOADS[0], "comparison": PAYLOADS[1]}}
    page = operate(stub, open_page, FASTER + WATCH)
    names = page.locator("#sessions tbody th a")
    expect(names).to_have_count(50)
    assert tuple(names.evaluate_all("all => all.map(each => each.textContent)")) == PAYLOADS
    assert (
        page.locator("#sessions bdi *, #sessions a *, #alarms p *:not(.count, .hint)").count() == 0
    )
    origin = f"{stub.http}/"
    hrefs = names.evaluate_all("all => all.map(each => each.href)")
    assert all(each.startswith(origin) for each in hrefs)
    assert harmless(page)


# --- bad days ---


def test_a_stage_that_does_not_answer_leaves_what_was_seen_and_is_asked_again(
    stub: StubStage, open_page: OpenPage
) -> None:
    stub.operations.open("golden-eagle-427", es=2)
    page = operate(stub, open_page)
    stub.kill_http()
    expect(page.get_by_role("alert")).to_contain_text("The stage does not answer.")
    expect(page.locator("#state")).to_have_text("Reconnecting…")
    expect(page.locator("#heads")).to_have_text("2")
    stub.revive_http()
    expect(page.locator("#state")).to_have_text("Live")
    expect(page.locator("#notice")).to_be_hidden()
    stub.operations.refuse_with = 503
    expect(page.get_by_role("alert")).to_contain_text("The stage does not answer.")
    stub.operations.refuse_with = None
    expect(page.locator("#notice")).to_be_hidden()


def test_without_cloudwatch_the_sessions_go_on(stub: StubStage, open_page: OpenPage) -> None:
    page = operate(stub, open_page)
    stub.operations.measures = False
    stub.operations.open("golden-eagle-427", es=2)
    expect(page.get_by_role("alert")).to_contain_text("CloudWatch does not answer")
    expect(page.locator("#heads")).to_have_text("2")
    stub.operations.measures = True
    expect(page.locator("#notice")).to_be_hidden()


def test_a_page_that_opens_while_the_stage_is_away_comes_up_when_it_is_back(
    stub: StubStage, open_page: OpenPage
) -> None:
    stub.operations.refuse_with = 503
    page = open_page(f"{stub.http}/ops", locale="en", script=FASTER)
    expect(page.get_by_role("alert")).to_contain_text("The stage does not answer.")
    stub.operations.refuse_with = None
    expect(page.locator("#alarms li")).to_have_count(5)


def test_while_paused_nothing_moves_and_nothing_is_asked(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = operate(stub, open_page)
    pause = page.get_by_role("button", name="Pause")
    pause.click()
    expect(page.locator("#state")).to_have_text("Paused")
    # Whatever was on its way has come by the time a later request has been answered.
    page.evaluate("fetch('languages')")
    asked = stub.operations.looks
    stub.operations.open("golden-eagle-427", es=2)
    page.evaluate("new Promise((done) => setTimeout(() => setTimeout(done, 20), 20))")
    assert stub.operations.looks == asked
    expect(page.locator("#heads")).to_have_text("0")
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#heads")).to_have_text("2")


# --- the real stage ---


def test_an_operator_sees_a_talk_and_an_alarm_on_the_real_stage(
    stage: Stage, open_page: OpenPage
) -> None:
    operator = open_page(f"{stage.http}/ops", locale="en")
    expect(operator.locator("#state")).to_have_text("Live")
    speaker = open_page(stage.http, locale="en")
    listener = joined(open_page(start(speaker), locale="pt-BR"))
    speak(speaker, "The train to the city leaves at seven in the morning.")
    expect(listener.locator(".caption")).to_have_count(1)
    name = speaker.locator("#name").inner_text()
    row = operator.get_by_role("row", name=re.compile(f"^{name}"))
    expect(row).to_contain_text("português")
    latency = operator.locator("figure", has_text="Delivery latency").locator(".count")
    expect(latency).to_have_text(re.compile("^[0-9.]+ m?s$"))
    # Two bad periods, the first of them some minutes ago: nobody has to wait for it.
    stage.put_metric("FailedLanguagesCount", 11, 7, 0)
    verdict = operator.locator("#verdict")
    expect(verdict).to_contain_text("Translations failed")
    failed = operator.locator("#alarms li", has_text="Translations failed")
    expect(failed).to_contain_text("Alarm since")
    expect(failed).to_contain_text("Limit: above 10 for 2 \u00d7 5 min.")
