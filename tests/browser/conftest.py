"""Pages in a real browser, over a stage that does as it is told or over the real one.

Any error in a page's console, a refused resource or a breach of its policy fails the test.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from infra.chromium import NAMES, chromium, find_chromium
from tests.browser.stub_stage import StubStage
from tests.fakes.domain import PATIENCE
from tests.integration.client import Stage, running_stage

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

_WITHOUT_PLAYWRIGHT = find_spec("playwright") is None

if _WITHOUT_PLAYWRIGHT:
    collect_ignore_glob = ["test_*.py"]

_EXPECTED = (
    # What a browser says of a connection that is not there: tests take it away on purpose.
    "WebSocket connection to",
    "Failed to load resource: net::ERR_",
    # A session that does not exist is asked for.
    "Failed to load resource: the server responded with a status of 404",
    # An address that joins too often is told so.
    "Failed to load resource: the server responded with a status of 429",
    # A provider of OpenID Connect hands out no token, or does not let the page ask it.
    "Failed to load resource: the server responded with a status of 400",
    "Access to fetch at 'http://127.0.0.1:",
    # A sound is fetched after its day.
    "Failed to load resource: the server responded with a status of 403",
    # The operator's view is asked for without its token, or while the stage is in trouble.
    "Failed to load resource: the server responded with a status of 401",
    "Failed to load resource: the server responded with a status of 503",
)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tests that could not even be collected are not passed over in silence."""
    if _WITHOUT_PLAYWRIGHT:
        terminalreporter.write_line("SKIPPED tests/browser: playwright is not installed")


class OpenPage(Protocol):
    """Opens an address in a window of its own: nothing is shared but the browser."""

    def __call__(
        self,
        address: str,
        *,
        locale: str = "es-ES",
        script: str = "",
        has_clock: bool = False,
        **context: Any,
    ) -> Page:
        """`script` runs before the page's own; `context` are Playwright's options.

        A page that `has_clock` has its time from the test (`page.clock`).
        """


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    path = find_chromium()
    if path is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is installed")
    from playwright.sync_api import expect

    # Playwright's 5 s are less than a page takes now and then on a machine that is busy.
    expect.set_options(timeout=PATIENCE * 1_000)
    with chromium(path) as started:
        yield started


@pytest.fixture
def stub() -> Iterator[StubStage]:
    """A stage that does as it is told."""
    with StubStage().running() as stage:
        yield stage


@pytest.fixture(scope="package")
def stage(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The real stage."""
    directory = tmp_path_factory.mktemp("stage")
    with running_stage(directory / "stderr.log", "--data-dir", str(directory)) as running:
        yield running


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[OpenPage]:
    """Opens pages, and at the end holds each to having had no trouble."""
    contexts: list[BrowserContext] = []
    trouble: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(_EXPECTED):
            trouble.append(message.text)

    def open_one(
        address: str,
        *,
        locale: str = "es-ES",
        script: str = "",
        has_clock: bool = False,
        **options: Any,
    ) -> Page:
        context = browser.new_context(locale=locale, **options)
        contexts.append(context)
        context.on("console", heard)
        context.on("weberror", lambda error: trouble.append(str(error.error)))
        if script:
            context.add_init_script(script)
        page = context.new_page()
        if has_clock:
            page.clock.install()
        page.goto(address)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert not trouble
