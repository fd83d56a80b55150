"""What tests do at pages that also act by themselves meanwhile."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.fakes.domain import PATIENCE

if TYPE_CHECKING:
    from playwright.sync_api import Page


def next_frames(page: Page) -> None:
    """Waits until what was done has been painted, and the page has heard of its scrolling."""
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def try_now(page: Page) -> None:
    """Clicks "Try now", unless the page has just tried by itself and the button is gone."""
    page.evaluate(
        """(names) => [...document.querySelectorAll("button")]
          .find((each) => names.includes(each.textContent.trim()) && each.checkVisibility())
          ?.click()""",
        ["Try now", "Reintentar ahora"],
    )


def listeners_link(page: Page) -> str:
    """The address that the speaker's page shows to listeners; it asks for it when it is live."""
    link = page.locator("#link")
    expect(link).to_have_attribute("href", re.compile("."))
    return link.get_attribute("href") or ""


def stop_clock(page: Page) -> None:
    """From here on the page's time is the test's; until now that of one that `has_clock` went on.

    It stops some seconds ahead: what is past when the page hears of it is refused.
    """
    now = page.evaluate("Date.now()") / 1_000
    page.clock.pause_at(datetime.fromtimestamp(now + PATIENCE, UTC))
