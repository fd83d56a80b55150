"""A page that did not get one of its scripts loads itself again: without it nothing answers."""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.stub_stage import StubStage

SHARED = "**/web/reconnecting-socket.js*"
"""A module that the speaker's page, the listeners' and the overlay cannot be without."""
PATIENCE_MS = 60_000
"""The second time, the page waits 10 to 20 s."""


def lose(page: Page, times: int) -> list[str]:
    """Loses the module so often, as a phone does whose network changes; returns what was lost."""
    lost: list[str] = []

    def answer(route: Route) -> None:
        if len(lost) == times:
            route.continue_()
            return
        lost.append(route.request.url)
        route.abort("internetdisconnected")

    page.route(SHARED, answer)
    return lost


@pytest.mark.parametrize("times", [1, 2])
def test_a_listener_is_live_after_a_module_was_lost(
    stub: StubStage, open_page: OpenPage, times: int
) -> None:
    page = open_page("about:blank")
    lost = lose(page, times)
    page.goto(stub.listener_page)
    expect(page.locator("#state")).to_have_attribute("data-state", "live", timeout=PATIENCE_MS)
    assert len(lost) == times


def test_the_speaker_s_page_and_the_overlay_come_back(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page("about:blank")
    lost = lose(page, 1)
    page.goto(stub.http)
    expect(page.get_by_role("button", name="Start a session")).to_be_visible()
    overlay = open_page("about:blank")
    lost_there = lose(overlay, 1)
    overlay.goto(f"{stub.http}/s/{stub.session.session_id}/overlay?language=es")
    stub.listener("es")
    assert len(lost) == len(lost_there) == 1
