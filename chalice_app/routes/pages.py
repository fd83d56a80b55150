"""The pages and the files that they use."""

from functools import partial
from urllib.parse import quote

from chalice.app import Response

from chalice_app.domain.errors import (
    BroadcasterError,
)
from chalice_app.routes.addresses import is_trusted_by_browsers, websocket_url
from chalice_app.routes.requests import (
    answered_as_it_is,
    app,
    current_request,
    refusal,
    route_parts,
)
from chalice_app.settings import Oidc
from chalice_app.web import pages


@app.route("/", methods=["GET"])
def speaker_page() -> Response:
    """The speaker's page."""
    path: str = current_request().context.get("path", "")
    if path and not path.endswith("/"):
        # API Gateway's stage without its slash: the page's relative names would miss the stage.
        return _moved(f"{path.rpartition('/')[2]}/")
    return _page(pages.SPEAKER)


@app.route("/s/{session_id}", methods=["GET"])
def listener_page(session_id: str) -> Response:
    """A listener's page; it asks for the session itself, and says so if there is none."""
    # The server of `chalice local` does not decode the path's parts, API Gateway does.
    return _page_without_slash(pages.LISTENER, quote(session_id, safe="%", errors="replace"))


@app.route("/s/{session_id}/report", methods=["GET"])
def report_page(session_id: str) -> Response:
    """The event report as a page; it holds nothing, and asks for the speaker's token."""
    del session_id  # the page reads it from its own address
    return _page_without_slash(pages.REPORT, "report")


@app.route("/s/{session_id}/overlay", methods=["GET"])
def overlay_page(session_id: str) -> Response:
    """The captions alone, transparent, for the browser source of a stream or a projector."""
    return _page_without_slash(pages.OVERLAY, "overlay")


@app.route("/ops", methods=["GET"])
def operator_page() -> Response:
    """The operator's page, where the stage has one; it holds nothing and asks for everything."""
    try:
        route_parts().operations.require_view()
    except BroadcasterError as failure:
        return refusal(failure)
    return _page_without_slash(pages.OPERATOR, "ops")


@app.route("/web/{file}", methods=["GET"])
def web_file(file: str) -> Response:
    """A file that the pages use."""
    query = current_request().to_dict()["query_params"] or {}
    return _served(pages.load().file(file, query.get("v", ""), _if_none_match()))


def _page_without_slash(name: str, last_part: str) -> Response:
    """A page, or the way to its address without the slash that API Gateway passes over.

    With it, the page's relative names would miss.
    """
    path = str(current_request().context.get("path"))
    return _moved(f"../{last_part}") if path.endswith("/") else _page(name)


def _moved(location: str) -> Response:
    """To a relative address: the stage's prefix is not the application's to know."""
    return Response("", status_code=302, headers={"Location": location})


def _page(name: str) -> Response:
    return answered_as_it_is(partial(_written, name))


def _written(name: str) -> Response:
    settings, known = route_parts().settings, _if_none_match()
    headers = current_request().headers
    socket = websocket_url(settings.websocket_url, headers)
    page = partial(pages.load().page, is_trusted=is_trusted_by_browsers(headers))
    if name != pages.SPEAKER:
        sounds = settings.sounds_url if name == pages.LISTENER else ""
        # A report too large for an answer is fetched from the bucket.
        files = settings.sounds_url if name == pages.REPORT else ""
        return _served(page(name, socket, known, sounds=sounds, files=files))
    # Where no language is heard, the page has no business at the recogniser.
    recogniser = ""
    if settings.dictation_languages:
        recogniser = websocket_url(settings.transcribe_url, headers)
    sign_in, files = _sign_in(settings.oidc), settings.sounds_url
    listeners = settings.listeners_url
    return _served(page(name, socket, known, sign_in, recogniser, files=files, listeners=listeners))


def _sign_in(oidc: Oidc | None) -> pages.SignIn | None:
    """ID tokens name the client as their audience: that is who the page is."""
    if oidc is None or not oidc.signs_in:
        return None
    return pages.SignIn(oidc.issuer, oidc.audience, oidc.token_origin)


def _if_none_match() -> str:
    header: str = current_request().headers.get("if-none-match", "")
    return header


def _served(answer: pages.Answer) -> Response:
    return Response(answer.body, status_code=answer.status, headers=dict(answer.headers))
