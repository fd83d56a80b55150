"""The functions' settings, read from the environment once, and checked.

A setting without sense is an error, never a default: `KEEP_SENTENCES=off` would keep every word.
`require_settings` checks what an owner has set before a stage is deployed or started.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from chalice_app.admission import limits
from chalice_app.admission.jwks import is_fetchable
from chalice_app.admission.limits import CHARACTER_BUDGET, AdmissionLimits, Network
from chalice_app.domain import dictation, languages
from chalice_app.domain.errors import BroadcasterError
from chalice_app.sessions.tokens import OPEN_TO_ALL
from chalice_app.synthesis import voices

POSTS_PER_SECOND = 8_000
"""Four fifths of what API Gateway admits an account and region by default, 10,000 requests a second
for HTTP, messages and posts together; some regions have 2,500. It bounds one sentence, over all the
functions that send it: those of several halls add up. Source:
https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
"""

SLICE_LISTENERS = 5_000
"""Listeners that one function sends to. A further function starts in about 0.4 s when cold, in
which this one sends 2,500 captions: below twice that, cutting loses. And 5,000 ids are 100 KB, well
within the 256 KB that an asynchronous invocation may carry at the least. Sources:
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, tests/benchmarks/fanout.py
"""


ANY_ORIGIN = "*"
SAME_HOST = "/"
"""The WEBSOCKET_URL of a server that answers both: clients connect to where they got the page."""


RENEW_AFTER_SECONDS = 2 * 3600 - 15 * 60
"""API Gateway closes a connection after 2 hours. The reconciler looks every 5 minutes: who is to
renew its connection then learns of it 10 to 15 minutes ahead. Source: the page above."""

RENEW_WITHIN_SECONDS = 5 * 60
"""A hall that came together does not come back together: 10,000 listeners are 33 a second, of the
500 new connections that API Gateway admits. 5 minutes are left for clients refused at first."""


MOST_CONCURRENT_BROADCASTS = 900
"""Each post in flight has a socket, and Lambda lets a function open 1,024 files. Source:
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

_TABLES = (
    "SESSIONS_TABLE_NAME",
    "CONNECTIONS_TABLE_NAME",
    "CACHED_TRANSLATIONS_TABLE_NAME",
    "ROSTERS_TABLE_NAME",
    "SENTENCES_TABLE_NAME",
)
_FORMER = {
    "JOINS_PER_MINUTE": "NEWCOMERS_PER_MINUTE",
    "CONNECTS_PER_MINUTE": "NEWCOMERS_PER_MINUTE and RETURNS_PER_MINUTE",
}
"""Settings of earlier versions, by what took their place. A value that was right then would keep a
hall out now, and one that is ignored would not hold, so neither happens silently."""

_TRUE, _FALSE = {"true", "yes", "1"}, {"false", "no", "0"}
_DEFAULT_PORTS = {"http": 80, "https": 443}
_MAPPED_BITS = 96

_NAME = re.compile(r"[A-Za-z0-9_.:/-]{1,1024}")
"""Of a table or function: a name or an ARN."""
_STAGE = re.compile(r"[a-z][a-z0-9-]*")
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-[0-9]+")
_API_ID = re.compile(r"[A-Za-z0-9]+")
_API_STAGE = re.compile(r"[A-Za-z0-9_-]+|\$default")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
"""S3 allows full stops too, with which a bucket has no certificate. Source:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"""
_TOKEN_HASH = re.compile(rf"|{OPEN_TO_ALL}|[0-9a-f]{{64}}")
_POSITIVE = re.compile(r"[1-9][0-9]{0,8}")
_NUMBER = re.compile(r"[0-9]{1,9}")
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")
"""As browsers serialise one: lower case, without a path. Source: RFC 6454, 6.2."""


class ConfigurationError(BroadcasterError):
    """A setting is missing or has no sense; the message names it and what to run."""


@dataclass(frozen=True, slots=True)
class Oidc:
    """Whose tokens open sessions: where the provider's keys are, its name, and who it names us.

    With `signs_in` the speaker's page fetches such a token itself, as the provider's public client
    `audience`. `token_origin` is where the provider hands them out; empty, at the issuer's origin.
    """

    jwks_url: str
    issuer: str
    audience: str
    signs_in: bool = False
    token_origin: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting of the application; names and defaults are those of docs/settings.md.

    `websocket_url` is what clients connect to and `management_endpoint` where `@connections` is
    posted to: both follow from the API's id on AWS, or name a custom domain. `listeners_url` is the
    origin at which listeners find their page; empty, that of the speaker's. `allowed_origins` are
    the pages that browsers may connect from; none means any. `transcribe_url` is where streams to
    the recogniser go, and `dictation_languages` are those that it hears, with their quality.
    `websocket_url` and `transcribe_url` may be SAME_HOST, which `routes.addresses` resolves.
    `sounds_bucket` keeps the voices' sounds: where it is empty, the stage has no voices, and
    `voice_languages` (those that are spoken, with their quality) and `sounds_url` (the origin that
    pages fetch sounds from) are empty, too. `sounds_endpoint_url` is the origin of the bucket's
    store for browsers; empty, it is where the functions find it.
    """

    sessions_table: str
    connections_table: str
    cached_translations_table: str
    rosters_table: str
    sentences_table: str
    region: str
    stage: str
    websocket_url: str
    management_endpoint: str
    cache_ttl_seconds: int = 3600
    max_cache_entries: int = 10_000
    max_concurrent_broadcasts: int = 100
    posts_per_second: int = POSTS_PER_SECOND
    slice_listeners: int = SLICE_LISTENERS
    broadcast_function: str = "translation-broadcaster-dev-broadcast"
    transcript_function: str = "translation-broadcaster-dev-transcript"
    session_ttl_seconds: int = 12 * 3600
    keep_sentences: bool = True
    allowed_origins: tuple[str, ...] = ()
    require_origin: bool = False
    limits: AdmissionLimits = field(default_factory=AdmissionLimits)
    oidc: Oidc | None = None
    renew_after_seconds: int = RENEW_AFTER_SECONDS
    renew_within_seconds: int = RENEW_WITHIN_SECONDS
    operator_token_hash: str = ""
    transcribe_url: str = "wss://transcribestreaming.us-east-1.amazonaws.com:8443"
    dictation_languages: Mapping[str, str] = field(default_factory=lambda: dictation.ALL_GOOD)
    sounds_bucket: str = ""
    sounds_url: str = ""
    sounds_endpoint_url: str = ""
    listeners_url: str = ""
    voice_function: str = "translation-broadcaster-dev-voice"
    voice_languages: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """The settings of this process.

        Raises:
            ConfigurationError: when one is missing or malformed.
        """
        region = _region(environ)
        tables = [_required(environ, name) for name in _TABLES]
        sessions, connections, cached, rosters, sentences = tables
        return cls(
            sessions_table=sessions,
            connections_table=connections,
            cached_translations_table=cached,
            rosters_table=rosters,
            sentences_table=sentences,
            region=region,
            stage=_stage(environ),
            websocket_url=_websocket_url(environ, region),
            management_endpoint=_management_endpoint(environ, region),
            cache_ttl_seconds=_positive(environ, "CACHE_TTL_SECONDS", 3600),
            max_cache_entries=_positive(environ, "MAX_CACHE_ENTRIES", 10_000),
            max_concurrent_broadcasts=_positive(
                environ, "MAX_CONCURRENT_BROADCASTS", 100, MOST_CONCURRENT_BROADCASTS
            ),
            posts_per_second=_positive(environ, "POSTS_PER_SECOND", POSTS_PER_SECOND),
            slice_listeners=_positive(environ, "SLICE_LISTENERS", SLICE_LISTENERS),
            broadcast_function=_function(environ, "BROADCAST_FUNCTION_NAME", "broadcast"),
            transcript_function=_function(environ, "TRANSCRIPT_FUNCTION_NAME", "transcript"),
            session_ttl_seconds=_positive(environ, "SESSION_TTL_SECONDS", 12 * 3600),
            renew_after_seconds=_positive(environ, "RENEW_AFTER_SECONDS", RENEW_AFTER_SECONDS),
            renew_within_seconds=_positive(environ, "RENEW_WITHIN_SECONDS", RENEW_WITHIN_SECONDS),
            oidc=_oidc(environ),
            keep_sentences=_flag(environ, "KEEP_SENTENCES", default=True),
            allowed_origins=_allowed_origins(environ),
            require_origin=_flag(environ, "REQUIRE_ORIGIN", default=False),
            limits=_limits(environ),
            operator_token_hash=_operator_token_hash(environ),
            transcribe_url=_transcribe_url(environ, region),
            dictation_languages=_dictation_languages(environ),
            sounds_bucket=_sounds_bucket(environ),
            sounds_url=_sounds_url(environ, region),
            sounds_endpoint_url=_web_origin(environ, "SOUNDS_ENDPOINT_URL"),
            listeners_url=_web_origin(environ, "LISTENERS_URL"),
            voice_function=_function(environ, "VOICE_FUNCTION_NAME", "voice"),
            voice_languages=_voice_languages(environ),
        )


def require_settings(environ: Mapping[str, str]) -> Settings:
    """The settings, where the tables may have no names yet: before there is a stage.

    Raises:
        ConfigurationError: one has no sense; the message names it and says what is right.
    """
    return Settings.from_env({**dict.fromkeys(_TABLES, "not-made-yet"), **environ})


def _required(environ: Mapping[str, str], name: str) -> str:
    if not environ.get(name):
        raise ConfigurationError(f"{name} is not set: run `make deploy STAGE=...` or `make run`")
    return _matching(_NAME, environ, name, "the name or the ARN of a table")


def _matching(
    pattern: re.Pattern[str], environ: Mapping[str, str], name: str, right: str, default: str = ""
) -> str:
    """The setting, or the default where it is empty; `right` describes what is allowed."""
    text = environ.get(name) or default
    if not pattern.fullmatch(text):
        raise ConfigurationError(f"{name} must be {right}")
    return text


def _region(environ: Mapping[str, str]) -> str:
    """Lambda's own, or else the SDK's."""
    name = "AWS_REGION" if environ.get("AWS_REGION") else "AWS_DEFAULT_REGION"
    return _matching(_REGION, environ, name, "a region such as eu-west-1", "us-east-1")


def _stage(environ: Mapping[str, str]) -> str:
    right = "a name of lower-case letters, digits and hyphens that begins with a letter"
    return _matching(_STAGE, environ, "STAGE", right, "dev")


def _flag(environ: Mapping[str, str], name: str, *, default: bool) -> bool:
    text = (environ.get(name) or str(default)).lower()
    if text not in _TRUE | _FALSE:
        raise ConfigurationError(f"{name} must be true or false")
    return text in _TRUE


def _positive(environ: Mapping[str, str], name: str, default: int, most: int = 999_999_999) -> int:
    text = environ.get(name) or str(default)
    if not _POSITIVE.fullmatch(text) or int(text) > most:
        raise ConfigurationError(f"{name} must be a whole number from 1 to {most}")
    return int(text)


def _number(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name) or str(default)
    if not _NUMBER.fullmatch(text):
        raise ConfigurationError(f"{name} must be a whole number from 0 to 999999999")
    return int(text)


def _limits(environ: Mapping[str, str]) -> AdmissionLimits:
    for former in sorted(_FORMER.keys() & environ.keys()):
        if environ[former]:
            raise ConfigurationError(
                f"{former} is not a setting any more: remove it, or set {_FORMER[former]} "
                "(docs/settings.md says what each limit counts)"
            )
    return AdmissionLimits(
        newcomers_per_minute=_number(environ, "NEWCOMERS_PER_MINUTE", limits.NEWCOMERS_PER_MINUTE),
        session_newcomers_per_minute=_number(
            environ, "SESSION_NEWCOMERS_PER_MINUTE", limits.SESSION_NEWCOMERS_PER_MINUTE
        ),
        guesses_per_minute=_number(environ, "GUESSES_PER_MINUTE", limits.GUESSES_PER_MINUTE),
        session_guesses_per_minute=_number(
            environ, "SESSION_GUESSES_PER_MINUTE", limits.GUESSES_PER_MINUTE
        ),
        returns_per_minute=_number(environ, "RETURNS_PER_MINUTE", limits.RETURNS_PER_MINUTE),
        sessions_per_hour=_number(environ, "SESSIONS_PER_HOUR", 50),
        max_listeners=_number(environ, "MAX_LISTENERS", 10_000),
        sentences_per_second=_number(environ, "SENTENCES_PER_SECOND", 10),
        messages_per_second=_number(environ, "MESSAGES_PER_SECOND", 20),
        character_budget=_number(environ, "CHARACTER_BUDGET", CHARACTER_BUDGET),
        unlimited_addresses=tuple(map(_network, _listed(environ, "UNLIMITED_ADDRESSES"))),
        dictation_minutes=_number(environ, "DICTATION_MINUTES", limits.DICTATION_MINUTES),
        voice_budget=_number(environ, "VOICE_BUDGET", limits.VOICE_BUDGET),
    )


def _network(text: str) -> Network:
    """A range; an address in it names it as well: 203.0.113.5/24 is 203.0.113.0/24."""
    try:
        return _unmapped(ip_network(text, strict=False))
    except ValueError:
        raise ConfigurationError(
            "UNLIMITED_ADDRESSES must be addresses or ranges such as 203.0.113.0/24, with commas"
        ) from None


def _unmapped(network: Network) -> Network:
    """As addresses are compared: IPv4 is never written as IPv6."""
    if isinstance(network, IPv6Network) and network.prefixlen >= _MAPPED_BITS:
        address = network.network_address.ipv4_mapped
        if address is not None:
            return IPv4Network((int(address), network.prefixlen - _MAPPED_BITS))
    return network


def _allowed_origins(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The owner's list, or else the deployed page's own origin; `*` is none, which means any."""
    page = _origins(environ, "PAGE_ORIGIN")
    own = _listed(environ, "ALLOWED_ORIGINS")
    if own == (ANY_ORIGIN,):
        return ()
    return _origins(environ, "ALLOWED_ORIGINS") or page


def _origins(environ: Mapping[str, str], name: str) -> tuple[str, ...]:
    origins = _listed(environ, name)
    if not all(map(_is_origin, origins)):
        raise ConfigurationError(
            f"{name} must be origins as browsers send them, such as https://talks.example.org: in "
            "lower case, without a path, a wildcard or the scheme's usual port, with commas"
            + ("; or * alone" if name == "ALLOWED_ORIGINS" else "")
        )
    return origins


def _is_origin(text: str) -> bool:
    """Whether a browser may send it: compared to the letter, anything else would let nobody in."""
    try:
        parts = urlsplit(text)
        needless = parts.port in {0, _DEFAULT_PORTS.get(parts.scheme, 0)}
        return bool(_ORIGIN.fullmatch(text)) and not needless
    except ValueError:
        return False


def _listed(environ: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in environ.get(name, "").split(",") if part.strip())


def _oidc(environ: Mapping[str, str]) -> Oidc | None:
    """All three settings, or none: two of them would admit every owner, or none."""
    names = ("SPEAKER_JWKS_URL", "SPEAKER_ISSUER", "SPEAKER_AUDIENCE")
    jwks_url, issuer, audience = (environ.get(name, "") for name in names)
    signs_in = _flag(environ, "SPEAKER_SIGN_IN", default=False)
    token_origin = _token_origin(environ, signs_in)
    if not (jwks_url or issuer or audience or signs_in):
        return None
    for name in names:
        value = environ.get(name, "")
        if not value:
            others = " or ".join((*names, "SPEAKER_SIGN_IN"))
            raise ConfigurationError(f"{name} is not set, though {others} is")
        if value.strip() != value or not value.isprintable():
            raise ConfigurationError(f"{name} must have no space or line break around it")
    if " " in jwks_url or not is_fetchable(jwks_url):
        raise ConfigurationError("SPEAKER_JWKS_URL must begin with https://")
    if signs_in and not (is_fetchable(issuer) and _is_origin(_origin_of(issuer))):
        raise ConfigurationError(
            "SPEAKER_ISSUER must be an address such as https://login.example.org/realm where "
            "SPEAKER_SIGN_IN is true"
        )
    return Oidc(jwks_url, issuer, audience, signs_in, token_origin)


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _token_origin(environ: Mapping[str, str], signs_in: bool) -> str:
    """Empty: the issuer's own."""
    text = environ.get("SPEAKER_TOKEN_ORIGIN", "")
    if text and not signs_in:
        raise ConfigurationError("SPEAKER_TOKEN_ORIGIN is set, though SPEAKER_SIGN_IN is not")
    if text and not (_is_origin(text) and is_fetchable(text)):
        raise ConfigurationError(
            "SPEAKER_TOKEN_ORIGIN must be an origin such as https://talks.auth.example.org, without"
            " a path"
        )
    return text


def _operator_token_hash(environ: Mapping[str, str]) -> str:
    """Empty: the stage has no operator's view."""
    text = environ.get("OPERATOR_TOKEN_HASH", "")
    if not _TOKEN_HASH.fullmatch(text):
        raise ConfigurationError(
            f"OPERATOR_TOKEN_HASH must be a SHA-256 in lower-case hexadecimal, or {OPEN_TO_ALL}"
        )
    return text


def _function(environ: Mapping[str, str], name: str, function: str) -> str:
    """As Chalice names it: the app, the stage, the function."""
    right = "the name or the ARN of a function"
    deployed = f"translation-broadcaster-{_stage(environ)}-{function}"
    return _matching(_NAME, environ, name, right, deployed)


def _websocket_url(environ: Mapping[str, str], region: str) -> str:
    if environ.get("WEBSOCKET_URL") == SAME_HOST:
        return SAME_HOST
    own = _url(environ, "WEBSOCKET_URL", ("wss", "ws"))
    return own or f"wss://{_api_host(environ, region)}"


def _management_endpoint(environ: Mapping[str, str], region: str) -> str:
    """In botocore's own order: the service's endpoint, the endpoint of all services, AWS's."""
    own = _url(environ, "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI", ("https", "http"))
    every = _url(environ, "AWS_ENDPOINT_URL", ("https", "http"))
    return own or every or f"https://{_api_host(environ, region)}"


def _transcribe_url(environ: Mapping[str, str], region: str) -> str:
    """In botocore's own order, as an address for WebSockets."""
    name = "AWS_ENDPOINT_URL_TRANSCRIBE_STREAMING"
    if environ.get(name) == SAME_HOST:
        return SAME_HOST
    own = _url(environ, name, ("wss", "ws"))
    every = _url(environ, "AWS_ENDPOINT_URL", ("https", "http")).replace("http", "ws", 1)
    found = own or every or f"wss://transcribestreaming.{region}.amazonaws.com:8443"
    return found.rstrip("/")


def _dictation_languages(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Those of Transcribe where the setting is missing; empty, none."""
    if "DICTATION_LANGUAGES" not in environ:
        return dictation.ALL_GOOD
    right = "languages that Amazon Transcribe hears as a stream"
    return _qualities(
        environ,
        "DICTATION_LANGUAGES",
        right,
        lambda tag: dictation.transcribe_code(tag) is not None,
    )


def _voice_languages(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Those of Polly where the setting is missing; empty, none. A stage without sounds has none."""
    named = _qualities(
        environ,
        "VOICE_LANGUAGES",
        "languages that Amazon Polly speaks",
        lambda tag: bool(voices.voices_of(tag)),
    )
    if not _sounds_bucket(environ):
        return {}
    return named if "VOICE_LANGUAGES" in environ else voices.ALL_GOOD


def _qualities(
    environ: Mapping[str, str], name: str, right: str, is_known: Callable[[str], bool]
) -> Mapping[str, str]:
    """Languages with their quality; `right` says which ones are known."""
    pairs = [each.partition("=") for each in _listed(environ, name)]
    for tag, _, quality in pairs:
        is_tag = languages.is_language_tag(tag) and is_known(tag)
        if not is_tag or quality not in dictation.QUALITIES:
            raise ConfigurationError(
                f"{name} must be {right}, each with {', '.join(dictation.QUALITIES)}, such as "
                "en=good,pt=fair"
            )
    return {tag: quality for tag, _, quality in pairs}


def _sounds_bucket(environ: Mapping[str, str]) -> str:
    """Empty: the stage has no voices."""
    if not environ.get("SOUNDS_BUCKET_NAME"):
        return ""
    right = "the name of a bucket: 3 to 63 lower-case letters, digits and hyphens"
    return _matching(_BUCKET, environ, "SOUNDS_BUCKET_NAME", right)


def _sounds_url(environ: Mapping[str, str], region: str) -> str:
    """The origin of presigned addresses: botocore puts the bucket into the host, but of no IP.

    At SOUNDS_ENDPOINT_URL the bucket is in the path (`Clients.presigning`).
    """
    browsers = _web_origin(environ, "SOUNDS_ENDPOINT_URL")
    own = _url(environ, "AWS_ENDPOINT_URL_S3", ("https", "http"))
    every = _url(environ, "AWS_ENDPOINT_URL", ("https", "http"))
    bucket = _sounds_bucket(environ)
    if not bucket:
        return ""
    if browsers:
        return browsers
    parts = urlsplit(own or every or f"https://s3.{region}.amazonaws.com")
    host = parts.netloc if _is_ip(parts.hostname or "") else f"{bucket}.{parts.netloc}"
    return f"{parts.scheme}://{host}"


def _web_origin(environ: Mapping[str, str], name: str) -> str:
    """The setting, which may be empty: where browsers find a server."""
    text = environ.get(name, "")
    if text and not (_is_origin(text) and text.startswith(("https://", "http://"))):
        raise ConfigurationError(
            f"{name} must be an origin such as https://talks.example.org or "
            "http://192.168.1.7:8000: in lower case, without a path or the scheme's usual port"
        )
    return text


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _url(environ: Mapping[str, str], name: str, schemes: tuple[str, ...]) -> str:
    """The setting, which may be empty."""
    text = environ.get(name, "")
    if text and not _is_endpoint(text, schemes):
        raise ConfigurationError(
            f"{name} must be an address such as {schemes[0]}://talks.example.org/api, without a "
            "query"
        )
    return text


def _is_endpoint(text: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(text)
        # Reading the port checks it.
        whole = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    plain = text.isascii() and text.isprintable() and not set(text) & set(" ?#@")
    return whole and plain


def _api_host(environ: Mapping[str, str], region: str) -> str:
    # Chalice names the WebSocket API's stage after `api_gateway_stage`, "api" in config.json.
    api_id = _matching(_API_ID, environ, "WEBSOCKET_API_ID", "letters and digits", "unknown")
    right = "the name of a stage of the WebSocket API"
    stage = _matching(_API_STAGE, environ, "WEBSOCKET_STAGE", right, "api")
    return f"{api_id}.execute-api.{region}.amazonaws.com/{stage}"
