"""Signing in from the speaker's page, where the stage asks for a provider's token."""

import http.client
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from chalice_app.web import pages
from tests.browser.conftest import OpenPage
from tests.browser.identity_provider import CLIENT, IdentityProvider
from tests.browser.stub_stage import StubStage
from tests.integration.client import running_stage

PAGE = "https://talks.example/"
FORM = "application/x-www-form-urlencoded"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
"""RFC 7636, appendix B."""
STORAGES = "() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }])"


@pytest.fixture
def provider() -> Iterator[IdentityProvider]:
    with IdentityProvider().running() as provider:
        yield provider


@pytest.fixture
def asking(stub: StubStage, provider: IdentityProvider) -> StubStage:
    """A stage that asks for the provider's tokens."""
    provider.redirect_uris = {f"{stub.http}/"}
    stub.sign_in = pages.SignIn(provider.url, CLIENT)
    return stub


def start(page: Page) -> None:
    page.get_by_role("button", name="Start a session").click()


def sign_in(page: Page) -> None:
    """Starts a session, and signs in where that leads to."""
    start(page)
    page.get_by_role("link", name="Sign in").click()


def start_to_the_provider(page: Page) -> str:
    """Starts a session; returns the provider's link back, which nobody has followed yet."""
    start(page)
    link = page.get_by_role("link", name="Sign in").get_attribute("href")
    assert link is not None
    return link


def test_a_speaker_signs_in_and_the_session_is_opened(
    browser: Browser, provider: IdentityProvider, open_page: OpenPage, tmp_path: Path
) -> None:
    with running_stage(tmp_path / "stage.log", **provider.settings) as stage:
        provider.redirect_uris = {f"{stage.http}/"}
        assert stage.request("POST", "/sessions", {"sourceLanguage": "en"}).status == 401
        page = open_page(stage.http, locale="en")
        sign_in(page)
        expect(page.locator("#state")).to_have_text("Live")
        assert page.url == f"{stage.http}/"
        (token,) = provider.issued
        assert token not in page.evaluate(STORAGES)
        assert "verifier" not in page.evaluate(STORAGES)


def test_what_was_asked_for_is_opened_after_the_sign_in(
    asking: StubStage, provider: IdentityProvider, open_page: OpenPage
) -> None:
    page = open_page(asking.http, locale="en")
    expect(
        page.get_by_text(f"You sign in at {urlsplit(provider.url).netloc} first.")
    ).to_be_visible()
    page.get_by_label("You speak").select_option("ca")
    page.get_by_text("Ask listeners for a code").click()
    page.get_by_label("Code", exact=True).fill("grace")
    sign_in(page)
    expect(page.locator("#state")).to_have_text("Live")
    assert (asking.session.source, asking.session.code) == ("ca", "grace")
    assert asking.owners == [f"Bearer {provider.issued[0]}"]
    (asked,) = provider.asked
    assert asked["scope"] == "openid"
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3


def test_a_stage_that_asks_for_no_token_is_asked_without_one(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(f"{stub.http}/?code=x&state=y", locale="en")
    start(page)
    expect(page.locator("#state")).to_have_text("Live")
    assert stub.owners == [None]


def test_who_cancels_can_start_again(
    asking: StubStage, provider: IdentityProvider, open_page: OpenPage
) -> None:
    page = open_page(asking.http, locale="en")
    page.get_by_label("You speak").select_option("ca")
    start(page)
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("alert")).to_have_text(
        "You are not signed in: you cancelled, or the provider refused it."
    )
    assert page.url == f"{asking.http}/"
    expect(page.get_by_label("You speak")).to_have_value("ca")
    sign_in(page)
    expect(page.locator("#state")).to_have_text("Live")
    assert len({asked["state"] for asked in provider.asked}) == 2


@dataclass
class Failure:
    """A provider with these fields, and what the page then says."""

    words: str
    fields: dict[str, Any] = field(default_factory=dict)


AT_THE_START = {
    "no CORS": Failure("does not let this page ask it (CORS)", {"lets_pages_ask": False}),
    "another issuer": Failure(
        "SPEAKER_ISSUER may be wrong", {"description": {"issuer": "https://x"}}
    ),
    "no S256": Failure(
        "does not support PKCE", {"description": {"code_challenge_methods_supported": ["plain"]}}
    ),
    "tokens elsewhere": Failure(
        "SPEAKER_TOKEN_ORIGIN must name it", {"description": {"token_endpoint": "https://x/token"}}
    ),
    "no endpoint": Failure(
        "no usable addresses", {"description": {"authorization_endpoint": "javascript:alert(1)"}}
    ),
}
AT_THE_PROVIDER = {
    "busy": Failure("too busy to sign you in", {"refuses_with": "temporarily_unavailable"}),
    "failed": Failure("The provider failed", {"refuses_with": "server_error"}),
    "another error": Failure("(login_required)", {"refuses_with": "login_required"}),
    "words of a stranger": Failure("(unknown error)", {"refuses_with": "Call 555-0100 now!"}),
}
ON_THE_WAY_BACK = {
    "a secret": Failure("must be registered there as a public client", {"wants_a_secret": True}),
    "another sign-in": Failure("does not belong to a sign-in", {"claims": {"nonce": "another"}}),
    "no nonce": Failure("does not belong to a sign-in", {"claims": {"nonce": None}}),
    "another page": Failure("not meant for this page", {"claims": {"aud": "another"}}),
    "several pages": Failure("not meant for this page", {"claims": {"aud": [CLIENT, "another"]}}),
    "a clock behind": Failure("clock is 10 minutes behind", {"clock_ahead_seconds": 600}),
    "a clock ahead": Failure("clock is 10 minutes ahead of", {"clock_ahead_seconds": -600}),
}


def be(provider: IdentityProvider, failure: Failure) -> None:
    for name, value in failure.fields.items():
        setattr(provider, name, value)


@pytest.mark.parametrize("name", AT_THE_START)
def test_a_provider_that_cannot_be_used_is_explained(
    asking: StubStage, provider: IdentityProvider, open_page: OpenPage, name: str
) -> None:
    be(provider, AT_THE_START[name])
    page = open_page(asking.http, locale="en")
    start(page)
    expect(page.get_by_role("alert")).to_contain_text(AT_THE_START[name].words)
    expect(page.get_by_role("button", name="Start a session")).to_be_enabled()
    assert page.url == f"{asking.http}/"


@pytest.mark.parametrize("name", AT_THE_PROVIDER)
def test_a_provider_that_refuses_is_explained(
    asking: StubStage, provider: IdentityProvider, open_page: OpenPage, name: str
) -> None:
    be(provider, AT_THE_PROVIDER[name])
    page = open_page(asking.http, locale="en")
    start(page)
    expect(page.get_by_role("alert")).to_contain_text(AT_THE_PROVIDER[name].words)
    assert asking.owners == []


@pytest.mark.parametrize("name", ON_THE_WAY_BACK)
def test_a_token_that_cannot_be_used_is_explained(
    asking: StubStage, provider: IdentityProvider, open_page: OpenPage, name: str
) -> None:
    be(provider, ON_THE_WAY_BACK[name])
    page = open_page(asking.http, locale="en")
    sign_in(page)
    expect(page.get_by_role("alert")).to_contain_text(ON_THE_WAY_BACK[name].words)
    assert asking.owners == []


def test_a_provider_that_is_down_is_said_to_be(
    asking: StubStage, provider: IdentityProvider, open_page: OpenPage
) -> None:
    # Port 9 of loopback: nothing listens.
    asking.sign_in = pages.SignIn("http://127.0.0.1:9", CLIENT)
    page = open_page(asking.http, locale="en")
    start(page)
    expect(page.get_by_role("alert")).to_contain_text("127.0.0.1:9 does not answer")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("Object.defineProperty(crypto, 'subtle', { value: undefined });", "opened by https"),
        (
            "Object.defineProperty(window, 'sessionStorage', { get() { throw new Error(); } });",
            "storage, which is switched off",
        ),
    ],
)
def test_a_browser_that_cannot_sign_in_says_so(
    asking: StubStage, provider: IdentityProvider, open_page: OpenPage, script: str, words: str
) -> None:
    page = open_page(asking.http, locale="en", script=script)
    start(page)
    expect(page.get_by_role("alert")).to_contain_text(words)
    assert provider.asked == []


def test_who_comes_back_by_the_back_button_can_start_again(
    asking: StubStage, open_page: OpenPage
) -> None:
    page = open_page(asking.http, locale="en")
    start(page)
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    page.go_back()
    sign_in(page)
    expect(page.locator("#state")).to_have_text("Live")


def test_a_stage_that_does_not_accept_the_token_says_so(
    asking: StubStage, provider: IdentityProvider, open_page: OpenPage
) -> None:
    asking.accepts_owners = False
    page = open_page(asking.http, locale="en")
    sign_in(page)
    expect(page.get_by_role("alert")).to_contain_text("this stage does not accept it")
    asking.accepts_owners = True
    sign_in(page)  # with a token of its own: the refused one is forgotten
    expect(page.locator("#state")).to_have_text("Live")
    assert len(provider.issued) == 2


def test_an_answer_that_nobody_asked_for_is_not_exchanged(
    asking: StubStage, provider: IdentityProvider, open_page: OpenPage
) -> None:
    page = open_page(f"{asking.http}/?code=stolen&state=made-up", locale="en")
    expect(page.get_by_role("alert")).to_contain_text("does not belong to a sign-in")
    assert page.url == f"{asking.http}/"
    assert (provider.issued, provider.refused) == ([], [])


def test_an_answer_to_another_sign_in_is_not_exchanged(
    asking: StubStage, provider: IdentityProvider, open_page: OpenPage
) -> None:
    page = open_page(asking.http, locale="en")
    start(page)
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    page.goto(f"{asking.http}/?code=stolen&state=made-up")
    expect(page.get_by_role("alert")).to_contain_text("does not belong to a sign-in")
    assert provider.refused == []
    # What the tab kept is gone: the true answer comes too late.
    state = provider.asked[0]["state"]
    page.goto(f"{asking.http}/?code=x&state={state}")
    expect(page.get_by_role("alert")).to_contain_text("does not belong to a sign-in")
    assert (provider.issued, provider.refused) == ([], [])


def test_an_answer_of_another_provider_is_not_exchanged(
    asking: StubStage, provider: IdentityProvider, open_page: OpenPage
) -> None:
    page = open_page(asking.http, locale="en")
    link = start_to_the_provider(page)
    page.goto(re.sub(r"iss=[^&]+", "iss=https%3A%2F%2Fevil.example", link))
    expect(page.get_by_role("alert")).to_contain_text("does not belong to a sign-in")
    assert (provider.issued, provider.refused) == ([], [])


def test_an_answer_is_used_once(
    asking: StubStage, provider: IdentityProvider, open_page: OpenPage
) -> None:
    page = open_page(asking.http, locale="en")
    link = start_to_the_provider(page)
    page.goto(link)
    expect(page.locator("#state")).to_have_text("Live")
    again = page.context.new_page()
    again.goto(link)
    expect(again.get_by_role("alert")).to_contain_text("does not belong to a sign-in")
    assert (len(provider.issued), provider.refused) == (1, [])


# --- the provider itself: what it lets pass, real ones let pass ---


def request(provider: IdentityProvider, method: str, path: str, form: str = "") -> tuple[int, str]:
    connection = http.client.HTTPConnection(urlsplit(provider.url).netloc, timeout=10)
    try:
        connection.request(method, path, form, {"Content-Type": FORM} if form else {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def code_of(provider: IdentityProvider, **changes: str) -> str:
    """The code of a sign-in, or "" if the person gets no further."""
    asked = {
        "client_id": CLIENT,
        "redirect_uri": PAGE,
        "response_type": "code",
        "scope": "openid",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    status, page = request(provider, "GET", f"/authorize?{urlencode(asked | changes)}")
    found = re.search(r"[?]code=([^&]+)", page)
    assert (found is not None) == (status == 200)
    return found[1] if found else ""


def exchange(provider: IdentityProvider, **given: str) -> str:
    """What the provider says of the exchange; "" if it hands out a token."""
    good = {
        "grant_type": "authorization_code",
        "client_id": CLIENT,
        "redirect_uri": PAGE,
        "code_verifier": VERIFIER,
    }
    status, body = request(provider, "POST", "/token", urlencode(good | given))
    return "" if status == 200 else str(json.loads(body)["error_description"])


def test_the_provider_refuses_what_real_ones_refuse(provider: IdentityProvider) -> None:
    provider.redirect_uris = {PAGE}
    assert code_of(provider, redirect_uri="https://evil.example/") == ""
    assert code_of(provider, client_id="another") == ""
    assert code_of(provider, code_challenge_method="plain") == ""
    for changes, why in [
        ({"code_verifier": "another"}, "the verifier does not fit"),
        ({"redirect_uri": "https://evil.example/"}, "another address"),
        ({"client_id": "another"}, "unknown client"),
    ]:
        assert exchange(provider, code=code_of(provider), **changes) == why
    code = code_of(provider)
    assert exchange(provider, code=code) == ""
    assert exchange(provider, code=code) == "unknown or used code"
