"""Settings from the environment, with the protocol's names and defaults."""

from contextlib import suppress
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalice_app.admission.limits import AdmissionLimits
from chalice_app.domain.dictation import ALL_GOOD
from chalice_app.settings import SAME_HOST, ConfigurationError, Oidc, Settings, require_settings
from chalice_app.synthesis import voices

TABLES = {
    "SESSIONS_TABLE_NAME": "Sessions-dev",
    "CONNECTIONS_TABLE_NAME": "Connections-dev",
    "CACHED_TRANSLATIONS_TABLE_NAME": "CachedTranslations-dev",
    "ROSTERS_TABLE_NAME": "SessionRosters-dev",
    "SENTENCES_TABLE_NAME": "Sentences-dev",
}
NUMBERS = {
    "CACHE_TTL_SECONDS": 3600,
    "MAX_CACHE_ENTRIES": 10_000,
    "MAX_CONCURRENT_BROADCASTS": 100,
    "POSTS_PER_SECOND": 8_000,
    "SLICE_LISTENERS": 5_000,
    "SESSION_TTL_SECONDS": 12 * 3600,
    "RENEW_AFTER_SECONDS": 6_300,
    "RENEW_WITHIN_SECONDS": 300,
}


def numbers(settings: Settings) -> dict[str, int]:
    return {
        "CACHE_TTL_SECONDS": settings.cache_ttl_seconds,
        "MAX_CACHE_ENTRIES": settings.max_cache_entries,
        "MAX_CONCURRENT_BROADCASTS": settings.max_concurrent_broadcasts,
        "POSTS_PER_SECOND": settings.posts_per_second,
        "SLICE_LISTENERS": settings.slice_listeners,
        "SESSION_TTL_SECONDS": settings.session_ttl_seconds,
        "RENEW_AFTER_SECONDS": settings.renew_after_seconds,
        "RENEW_WITHIN_SECONDS": settings.renew_within_seconds,
    }


def test_the_tables_are_enough() -> None:
    settings = Settings.from_env({**TABLES, "WEBSOCKET_API_ID": "abc123"})
    assert settings == Settings(
        sessions_table="Sessions-dev",
        connections_table="Connections-dev",
        cached_translations_table="CachedTranslations-dev",
        rosters_table="SessionRosters-dev",
        sentences_table="Sentences-dev",
        region="us-east-1",
        stage="dev",
        websocket_url="wss://abc123.execute-api.us-east-1.amazonaws.com/api",
        management_endpoint="https://abc123.execute-api.us-east-1.amazonaws.com/api",
    )
    assert numbers(settings) == NUMBERS
    assert settings.keep_sentences


@pytest.mark.parametrize("value", ["", "open", "0123456789abcdef" * 4])
def test_the_operators_view_is_closed_open_or_behind_a_token(value: str) -> None:
    settings = Settings.from_env({**TABLES, "OPERATOR_TOKEN_HASH": value})
    assert settings.operator_token_hash == value
    assert Settings.from_env(TABLES).operator_token_hash == ""


@pytest.mark.parametrize("value", ["a secret in clear", "OPEN", "A" * 64, "0" * 63, "0" * 64 + " "])
def test_whatever_else_the_operators_token_is_said_to_be_is_an_error(value: str) -> None:
    with pytest.raises(ConfigurationError, match="OPERATOR_TOKEN_HASH") as raised:
        Settings.from_env({**TABLES, "OPERATOR_TOKEN_HASH": value})
    assert value not in str(raised.value)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_without_a_name_is_an_error_that_names_it(name: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        Settings.from_env({key: value for key, value in TABLES.items() if key != name})
    with pytest.raises(ConfigurationError, match=name):
        Settings.from_env({**TABLES, name: ""})


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_is_taken_from_the_environment(name: str) -> None:
    assert numbers(Settings.from_env({**TABLES, name: "17"})) == {**NUMBERS, name: 17}


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("text", ["0", "-1", "1.5", "many", " 5", "²", "9" * 5000])
def test_what_is_no_whole_number_above_zero_is_an_error_that_names_it(name: str, text: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        Settings.from_env({**TABLES, name: text})


@given(st.text(min_size=1))
def test_no_number_raises_anything_but_a_configuration_error(text: str) -> None:
    try:
        seconds = Settings.from_env({**TABLES, "CACHE_TTL_SECONDS": text}).cache_ttl_seconds
    except ConfigurationError:
        seconds = None
    assert seconds is None or seconds == int(text) > 0


@pytest.mark.parametrize(("text", "kept"), [("false", False), ("False", False), ("true", True)])
def test_sentences_are_kept_unless_told_otherwise(text: str, kept: bool) -> None:
    assert Settings.from_env({**TABLES, "KEEP_SENTENCES": text}).keep_sentences is kept


@pytest.mark.parametrize(
    ("environ", "region"),
    [
        ({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-1"),
        ({"AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-2"),
        ({}, "us-east-1"),
    ],
)
def test_lambdas_region_goes_before_the_default(environ: dict[str, str], region: str) -> None:
    settings = Settings.from_env({**TABLES, **environ, "WEBSOCKET_API_ID": "abc123"})
    assert settings.region == region
    assert f".{region}." in settings.websocket_url
    assert f".{region}." in settings.management_endpoint


@pytest.mark.parametrize(
    ("environ", "endpoint"),
    [
        (
            {
                "AWS_ENDPOINT_URL": "http://all",
                "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI": "http://one",
            },
            "http://one",
        ),
        ({"AWS_ENDPOINT_URL": "http://all"}, "http://all"),
    ],
)
def test_the_service_endpoint_goes_before_that_of_all(
    environ: dict[str, str], endpoint: str
) -> None:
    assert Settings.from_env({**TABLES, **environ}).management_endpoint == endpoint


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({}, "translation-broadcaster-dev-broadcast"),
        ({"STAGE": "prod"}, "translation-broadcaster-prod-broadcast"),
        ({"STAGE": "prod", "BROADCAST_FUNCTION_NAME": "mine"}, "mine"),
    ],
)
def test_the_broadcast_function_is_the_stages_unless_told(
    environ: dict[str, str], name: str
) -> None:
    assert Settings.from_env({**TABLES, **environ}).broadcast_function == name


def test_clients_are_told_the_given_url() -> None:
    settings = Settings.from_env({**TABLES, "WEBSOCKET_URL": "wss://talks.example"})
    assert settings.websocket_url == "wss://talks.example"


def test_clients_may_be_told_to_connect_to_where_they_asked() -> None:
    assert Settings.from_env({**TABLES, "WEBSOCKET_URL": "/"}).websocket_url == SAME_HOST
    for path in ("/live", "//talks.example", "talks.example", "./"):
        with pytest.raises(ConfigurationError, match="WEBSOCKET_URL must be"):
            Settings.from_env({**TABLES, "WEBSOCKET_URL": path})


@pytest.mark.parametrize("name", ["LISTENERS_URL", "SOUNDS_ENDPOINT_URL"])
@pytest.mark.parametrize(
    ("origin", "is_right"),
    [
        ("", True),
        ("http://192.168.1.7:8000", True),
        ("http://[fd00::7]:8000", True),
        ("https://talks.example", True),
        ("https://talks.example/", False),
        ("https://Talks.example", False),
        ("https://talks.example:443", False),
        ("http://192.168.1.7:99999", False),
        ("ws://192.168.1.7:8000", False),
        ("192.168.1.7:8000", False),
        ("http://a.example,http://b.example", False),
        ('http://a.example"><script>', False),
    ],
)
def test_where_browsers_find_a_server_is_an_origin(name: str, origin: str, is_right: bool) -> None:
    environ = {**TABLES, name: origin}
    if is_right:
        settings = Settings.from_env(environ)
        found = {
            "LISTENERS_URL": settings.listeners_url,
            "SOUNDS_ENDPOINT_URL": settings.sounds_endpoint_url,
        }
        assert found == {"LISTENERS_URL": "", "SOUNDS_ENDPOINT_URL": "", name: origin}
    else:
        with pytest.raises(ConfigurationError, match=f"{name} must be an origin"):
            Settings.from_env(environ)


def test_the_stage_is_the_deployments() -> None:
    settings = Settings.from_env({**TABLES, "STAGE": "prod", "WEBSOCKET_STAGE": "live"})
    assert settings.stage == "prod"
    assert settings.websocket_url.endswith("/live")


LIMITS = {
    "NEWCOMERS_PER_MINUTE": "newcomers_per_minute",
    "SESSION_NEWCOMERS_PER_MINUTE": "session_newcomers_per_minute",
    "GUESSES_PER_MINUTE": "guesses_per_minute",
    "SESSION_GUESSES_PER_MINUTE": "session_guesses_per_minute",
    "RETURNS_PER_MINUTE": "returns_per_minute",
    "SESSIONS_PER_HOUR": "sessions_per_hour",
    "MAX_LISTENERS": "max_listeners",
    "SENTENCES_PER_SECOND": "sentences_per_second",
    "MESSAGES_PER_SECOND": "messages_per_second",
    "CHARACTER_BUDGET": "character_budget",
}


def test_the_limits_are_those_that_are_documented() -> None:
    settings = Settings.from_env(TABLES)
    assert settings.limits == AdmissionLimits(
        1_000, 6_000, 10, 10, 20, 50, 10_000, 10, 20, 2_000_000, ()
    )
    assert settings.allowed_origins == ()
    assert not settings.require_origin


@pytest.mark.parametrize(("name", "field"), LIMITS.items())
@pytest.mark.parametrize(("text", "value"), [("0", 0), ("17", 17), ("999999999", 999_999_999)])
def test_a_limit_is_taken_from_the_environment(
    name: str, field: str, text: str, value: int
) -> None:
    assert getattr(Settings.from_env({**TABLES, name: text}).limits, field) == value


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("text", ["-1", "1.5", "many", "²", "1" * 10])
def test_what_is_no_limit_is_an_error_that_names_it(name: str, text: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        Settings.from_env({**TABLES, name: text})


@pytest.mark.parametrize("name", ["CONNECTS_PER_MINUTE", "JOINS_PER_MINUTE"])
def test_a_limit_of_earlier_versions_says_what_took_its_place(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{name} is not .*NEWCOMERS_PER_MINUTE"):
        Settings.from_env({**TABLES, name: "10"})
    assert Settings.from_env({**TABLES, name: ""}) == Settings.from_env(TABLES)


def test_an_address_with_a_length_names_its_range() -> None:
    text = "203.0.113.5/24,2001:db8::5/64,10.1.2.3/255.0.0.0,::ffff:192.0.2.7/120,::/0"
    settings = Settings.from_env({**TABLES, "UNLIMITED_ADDRESSES": text})
    wanted = ("203.0.113.0/24", "2001:db8::/64", "10.0.0.0/8", "192.0.2.0/24", "::/0")
    assert settings.limits.unlimited_addresses == tuple(map(ip_network, wanted))


def test_addresses_without_limits_are_networks() -> None:
    settings = Settings.from_env(
        {**TABLES, "UNLIMITED_ADDRESSES": " ,10.0.0.0/8, ::1 ,, 8.8.8.8 ,"}
    )
    wanted = ("10.0.0.0/8", "::1/128", "8.8.8.8/32")
    assert settings.limits.unlimited_addresses == tuple(map(ip_network, wanted))


@pytest.mark.parametrize(
    "text",
    [
        "home",
        "10.0.0.0/33",
        "10.0.0.0;::1",
        "10.0.0/8",
        "10.0.0.1 / 8",
        "[::1]",
        "203.0.113.5/-1",
        "203.0.113.5:80",
        "\u0663.0.0.1",
        "300.1.1.1",
        "*",
    ],
)
def test_what_is_no_network_is_an_error_that_names_it(text: str) -> None:
    with pytest.raises(ConfigurationError, match="UNLIMITED_ADDRESSES"):
        Settings.from_env({**TABLES, "UNLIMITED_ADDRESSES": text})


@pytest.mark.parametrize(
    ("environ", "origins"),
    [
        ({"PAGE_ORIGIN": "https://abc.example"}, ("https://abc.example",)),
        (
            {
                "PAGE_ORIGIN": "https://abc.example",
                "ALLOWED_ORIGINS": "https://x.example:8443, http://y",
            },
            ("https://x.example:8443", "http://y"),
        ),
        ({"PAGE_ORIGIN": "https://abc.example", "ALLOWED_ORIGINS": "*"}, ()),
        ({"ALLOWED_ORIGINS": " , "}, ()),
    ],
)
def test_the_owner_s_origins_go_before_the_page_s(
    environ: dict[str, str], origins: tuple[str, ...]
) -> None:
    assert Settings.from_env({**TABLES, **environ}).allowed_origins == origins


@pytest.mark.parametrize(
    "text",
    ["null", "talks.example", "https://Talks.example", "https://a.example/", "https://a/b",
     "https://*.example,*", "https://a b", "https://u@a.example", "https://*.example",
     "https://a.example:443", "http://a.example:80", "https://a.example:99999", "https://a:0",
     "https://tälks.example", "https://[::1", "*,https://a.example"],
)  # fmt: skip
def test_what_is_no_origin_is_an_error_that_names_it(text: str) -> None:
    with pytest.raises(ConfigurationError, match="ALLOWED_ORIGINS"):
        Settings.from_env({**TABLES, "ALLOWED_ORIGINS": text})


def test_the_page_s_own_origin_is_checked_under_its_own_name() -> None:
    for more in ({}, {"ALLOWED_ORIGINS": "https://talks.example"}):
        with pytest.raises(ConfigurationError, match="PAGE_ORIGIN"):
            Settings.from_env({**TABLES, **more, "PAGE_ORIGIN": "https://abc.example/api"})


@pytest.mark.parametrize(
    "text", ["https://[::1]:8443", "http://localhost:8000", "capacitor://localhost", "http://a-b_c"]
)
def test_what_a_browser_sends_is_an_origin(text: str) -> None:
    assert Settings.from_env({**TABLES, "ALLOWED_ORIGINS": text}).allowed_origins == (text,)


WRONG = {
    "SESSIONS_TABLE_NAME": ["two words", "Sessions;"],
    "ROSTERS_TABLE_NAME": ["Ròsters"],
    "STAGE": ["Dev", "my stage", "1st", "-"],
    "AWS_REGION": ["Ireland", "eu-west", "eu-west-1a", " eu-west-1"],
    "AWS_DEFAULT_REGION": ["eu_west_1"],
    "WEBSOCKET_API_ID": ["abc.123", "https://abc123", "abc 123"],
    "WEBSOCKET_STAGE": ["a/b", "live?"],
    "WEBSOCKET_URL": ["https://talks.example", "talks.example", "wss://", "wss://a.example?x=1",
                      "wss://a.example:0", "wss://a.example:port", "wss://u:p@a.example",
                      "wss://a example", "wss://a.example/#x", "wss://[::1"],
    "AWS_ENDPOINT_URL": ["127.0.0.1:8000", "ws://a.example", "http://a.example:99999"],
    "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI": ["wss://a.example", "https://"],
    "BROADCAST_FUNCTION_NAME": ["the function"],
    "MAX_CONCURRENT_BROADCASTS": ["901", "100000"],
    "KEEP_SENTENCES": ["off", "flase", "2", " "],
    "REQUIRE_ORIGIN": ["on", "required", "True!"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text"), [(name, text) for name, texts in WRONG.items() for text in texts]
)
def test_what_has_no_sense_is_an_error_that_names_it_and_what_is_right(
    name: str, text: str
) -> None:
    with pytest.raises(ConfigurationError, match=rf"^{name} must be "):
        Settings.from_env({**TABLES, name: text})


@given(st.sampled_from(sorted({*WRONG, *NUMBERS, "UNLIMITED_ADDRESSES", "ALLOWED_ORIGINS"})),
       st.text() | st.sampled_from([":", "[", "https://[", "::", "/", "²", "\0"]))  # fmt: skip
def test_no_setting_raises_anything_but_a_configuration_error(name: str, text: str) -> None:
    with suppress(ConfigurationError):
        Settings.from_env({**TABLES, name: text})


def test_settings_can_be_checked_before_there_are_tables() -> None:
    require_settings({})
    require_settings({**TABLES, "UNLIMITED_ADDRESSES": "203.0.113.5/24"})
    with pytest.raises(ConfigurationError, match="UNLIMITED_ADDRESSES"):
        require_settings({"UNLIMITED_ADDRESSES": "203.0.113.5/33"})


def test_an_arn_names_a_table_and_a_function() -> None:
    table = "arn:aws:dynamodb:eu-west-1:123456789012:table/Sessions-dev"
    function = "arn:aws:lambda:eu-west-1:123456789012:function:broadcast"
    given_ = {**TABLES, "SESSIONS_TABLE_NAME": table, "BROADCAST_FUNCTION_NAME": function}
    settings = Settings.from_env(given_)
    assert (settings.sessions_table, settings.broadcast_function) == (table, function)


@pytest.mark.parametrize(("text", "required"), [("true", True), ("1", True), ("false", False)])
def test_an_origin_is_required_where_that_is_said(text: str, required: bool) -> None:
    assert Settings.from_env({**TABLES, "REQUIRE_ORIGIN": text}).require_origin is required


CLIENT = "broadcaster"
OIDC = {
    "SPEAKER_JWKS_URL": "https://issuer.example/keys",
    "SPEAKER_ISSUER": "https://issuer.example",
    "SPEAKER_AUDIENCE": CLIENT,
}


def test_a_provider_is_known_by_three_settings() -> None:
    settings = Settings.from_env({**TABLES, **OIDC})
    assert settings.oidc == Oidc("https://issuer.example/keys", "https://issuer.example", CLIENT)
    assert Settings.from_env(TABLES).oidc is None
    assert Settings.from_env({**TABLES, **dict.fromkeys(OIDC, "")}).oidc is None


@pytest.mark.parametrize("name", OIDC)
def test_a_provider_that_is_half_set_lets_neither_everybody_in_nor_nobody(name: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        Settings.from_env({**TABLES, **OIDC, name: ""})


@pytest.mark.parametrize("name", OIDC)
@pytest.mark.parametrize("text", [" {}", "{} ", "{}\n", "\t{}"])
def test_a_provider_s_names_are_compared_to_the_letter(name: str, text: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{name} must have no space"):
        Settings.from_env({**TABLES, **OIDC, name: text.format(OIDC[name])})


@pytest.mark.parametrize(
    "url", ["https://issuer example/keys", "file:///keys", "http://issuer.example/keys", "keys"]
)
def test_a_provider_s_keys_come_by_https(url: str) -> None:
    with pytest.raises(ConfigurationError, match="SPEAKER_JWKS_URL"):
        Settings.from_env({**TABLES, **OIDC, "SPEAKER_JWKS_URL": url})


def oidc(**settings: str) -> Oidc:
    found = Settings.from_env({**TABLES, **OIDC, **settings}).oidc
    assert found is not None
    return found


def test_the_page_signs_in_where_that_is_said() -> None:
    assert not oidc().signs_in
    assert not oidc(SPEAKER_SIGN_IN="false").signs_in
    assert oidc(SPEAKER_SIGN_IN="true").signs_in
    assert oidc(SPEAKER_SIGN_IN="true").token_origin == ""
    elsewhere = "https://talks.auth.eu-west-1.amazoncognito.com"
    assert oidc(SPEAKER_SIGN_IN="true", SPEAKER_TOKEN_ORIGIN=elsewhere).token_origin == elsewhere


@pytest.mark.parametrize(
    "issuer",
    [
        "https://issuer.example/realms/hall",
        "https://Issuer.example/",
        "https://issuer.example:8443",
        "http://127.0.0.1:8080/realms/hall",
    ],
)
def test_a_page_can_sign_in_at_a_web_address(issuer: str) -> None:
    assert oidc(SPEAKER_SIGN_IN="true", SPEAKER_ISSUER=issuer).issuer == issuer


@pytest.mark.parametrize(
    "issuer",
    [
        "issuer",
        "http://issuer.example",
        "https://issuer.example; script-src *",
        "https://a b.example",
        "https://user@issuer.example",
        "https://issuer.example:0",
    ],
)
def test_a_page_cannot_sign_in_at_a_name(issuer: str) -> None:
    assert (
        oidc(SPEAKER_ISSUER=issuer).issuer == issuer
    )  # tokens are compared with it, to the letter
    with pytest.raises(ConfigurationError, match="SPEAKER_ISSUER must be an address"):
        oidc(SPEAKER_SIGN_IN="true", SPEAKER_ISSUER=issuer)


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "https://x/",
        "https://x/path",
        "http://x.example",
        "https://x https://y",
        "x",
        "https://x;",
    ],
)
def test_tokens_are_handed_out_at_an_origin(origin: str) -> None:
    with pytest.raises(ConfigurationError, match="SPEAKER_TOKEN_ORIGIN must be an origin"):
        oidc(SPEAKER_SIGN_IN="true", SPEAKER_TOKEN_ORIGIN=origin)


def test_nobody_signs_in_without_a_provider() -> None:
    with pytest.raises(ConfigurationError, match="SPEAKER_JWKS_URL is not set"):
        Settings.from_env({**TABLES, "SPEAKER_SIGN_IN": "true"})
    with pytest.raises(ConfigurationError, match="though SPEAKER_SIGN_IN is not"):
        oidc(SPEAKER_TOKEN_ORIGIN="https://tokens.example")
    with pytest.raises(ConfigurationError, match="SPEAKER_SIGN_IN must be true or false"):
        oidc(SPEAKER_SIGN_IN="perhaps")


def test_an_address_that_is_not_known_yet_says_so() -> None:
    host = "unknown.execute-api.us-east-1.amazonaws.com/api"
    settings = Settings.from_env(TABLES)
    assert settings.websocket_url == f"wss://{host}"
    assert settings.management_endpoint == f"https://{host}"


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({}, "wss://transcribestreaming.us-east-1.amazonaws.com:8443"),
        ({"AWS_REGION": "eu-west-1"}, "wss://transcribestreaming.eu-west-1.amazonaws.com:8443"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}, "ws://127.0.0.1:4566"),
        ({"AWS_ENDPOINT_URL": "https://all.example/"}, "wss://all.example"),
        (
            {
                "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
                "AWS_ENDPOINT_URL_TRANSCRIBE_STREAMING": "ws://127.0.0.1:8003/",
            },
            "ws://127.0.0.1:8003",
        ),
        ({"AWS_ENDPOINT_URL_TRANSCRIBE_STREAMING": "/"}, SAME_HOST),
    ],
)
def test_the_recogniser_is_transcribe_unless_told(environ: dict[str, str], url: str) -> None:
    assert Settings.from_env({**TABLES, **environ}).transcribe_url == url


@pytest.mark.parametrize("text", ["http://127.0.0.1:8003", "ws://", "127.0.0.1:8003", "wss://a b"])
def test_the_recogniser_s_address_is_one_of_a_websocket(text: str) -> None:
    with pytest.raises(ConfigurationError, match="AWS_ENDPOINT_URL_TRANSCRIBE_STREAMING"):
        Settings.from_env({**TABLES, "AWS_ENDPOINT_URL_TRANSCRIBE_STREAMING": text})


@pytest.mark.parametrize(
    ("environ", "heard"),
    [
        ({}, ALL_GOOD),
        ({"DICTATION_LANGUAGES": ""}, {}),
        ({"DICTATION_LANGUAGES": " , "}, {}),
        ({"DICTATION_LANGUAGES": "en=good,pt=fair"}, {"en": "good", "pt": "fair"}),
        ({"DICTATION_LANGUAGES": " zh-TW=draft , gl=good,"}, {"zh-TW": "draft", "gl": "good"}),
    ],
)
def test_transcribe_hears_all_its_languages_unless_told(
    environ: dict[str, str], heard: dict[str, str]
) -> None:
    assert Settings.from_env({**TABLES, **environ}).dictation_languages == heard


@pytest.mark.parametrize(
    "text",
    ["en", "en=", "=good", "en=perfect", "en=Good", "en good", "EN=good", "xx=good", "en=good;pt",
     "en = good", "en=good=fair", "english=good", "ur=good", "pt_BR=good"],
)  # fmt: skip
def test_what_is_no_language_that_is_heard_is_an_error(text: str) -> None:
    with pytest.raises(ConfigurationError, match="DICTATION_LANGUAGES") as raised:
        Settings.from_env({**TABLES, "DICTATION_LANGUAGES": f"de=good,{text}"})
    assert "en=good,pt=fair" in str(raised.value)


@pytest.mark.parametrize(("text", "minutes"), [("", 300), ("0", 0), ("7", 7)])
def test_the_minutes_of_dictation_may_be_unlimited(text: str, minutes: int) -> None:
    settings = Settings.from_env({**TABLES, "DICTATION_MINUTES": text})
    assert settings.limits.dictation_minutes == minutes


@pytest.mark.parametrize("text", ["-1", "1.5", "many", " 5"])
def test_minutes_of_dictation_are_whole(text: str) -> None:
    with pytest.raises(ConfigurationError, match="DICTATION_MINUTES"):
        Settings.from_env({**TABLES, "DICTATION_MINUTES": text})


SOUNDS = {"SOUNDS_BUCKET_NAME": "sounds-here"}


@pytest.mark.parametrize(
    ("environ", "origin"),
    [
        ({}, "https://sounds-here.s3.us-east-1.amazonaws.com"),
        ({"AWS_REGION": "eu-west-1"}, "https://sounds-here.s3.eu-west-1.amazonaws.com"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:4566/"}, "http://127.0.0.1:4566"),
        ({"AWS_ENDPOINT_URL_S3": "http://[::1]:4566"}, "http://[::1]:4566"),
        ({"AWS_ENDPOINT_URL_S3": "https://store.example"}, "https://sounds-here.store.example"),
        (
            {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:2"},
            "http://127.0.0.1:2",
        ),
        (
            {
                "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:2",
                "SOUNDS_ENDPOINT_URL": "http://192.168.1.7:8000",
            },
            "http://192.168.1.7:8000",
        ),
    ],
)
def test_pages_fetch_sounds_from_where_they_are_signed_for(
    environ: dict[str, str], origin: str
) -> None:
    assert Settings.from_env({**TABLES, **SOUNDS, **environ}).sounds_url == origin


@pytest.mark.parametrize("named", [{}, {"SOUNDS_BUCKET_NAME": ""}])
def test_a_stage_without_a_bucket_for_sounds_has_no_voices(named: dict[str, str]) -> None:
    settings = Settings.from_env({**TABLES, "VOICE_LANGUAGES": "es=good", **named})
    assert (settings.sounds_bucket, settings.sounds_url, settings.voice_languages) == ("", "", {})


@pytest.mark.parametrize("text", ["ab", "Sounds", "so.unds", "sounds/", "-sounds", "s" * 64])
def test_what_is_no_bucket_s_name_is_an_error(text: str) -> None:
    with pytest.raises(ConfigurationError, match="SOUNDS_BUCKET_NAME"):
        Settings.from_env({**TABLES, "SOUNDS_BUCKET_NAME": text})


@pytest.mark.parametrize(
    ("environ", "spoken"),
    [
        ({}, voices.ALL_GOOD),
        ({"VOICE_LANGUAGES": ""}, {}),
        ({"VOICE_LANGUAGES": "es=fair, en=good"}, {"es": "fair", "en": "good"}),
        ({"VOICE_LANGUAGES": "es-MX=draft,gl=fair,"}, {"es-MX": "draft", "gl": "fair"}),
    ],
)
def test_polly_speaks_all_its_languages_unless_told(
    environ: dict[str, str], spoken: dict[str, str]
) -> None:
    assert Settings.from_env({**TABLES, **SOUNDS, **environ}).voice_languages == spoken


@pytest.mark.parametrize("text", ["es", "es=best", "zh-TW=good", "EN=good", "xx=good"])
def test_what_is_no_language_that_is_spoken_is_an_error(text: str) -> None:
    with pytest.raises(ConfigurationError, match="VOICE_LANGUAGES") as raised:
        Settings.from_env({**TABLES, "VOICE_LANGUAGES": f"de=good,{text}"})
    assert "en=good,pt=fair" in str(raised.value)


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({}, "translation-broadcaster-dev-voice"),
        ({"STAGE": "hall"}, "translation-broadcaster-hall-voice"),
        ({"VOICE_FUNCTION_NAME": "voice"}, "voice"),
    ],
)
def test_the_voice_function_is_the_stage_s_own(environ: dict[str, str], name: str) -> None:
    assert Settings.from_env({**TABLES, **environ}).voice_function == name


def test_the_transcript_function_is_the_stage_s_own() -> None:
    named = {**TABLES, "STAGE": "hall"}
    assert Settings.from_env(named).transcript_function == "translation-broadcaster-hall-transcript"
    named["TRANSCRIPT_FUNCTION_NAME"] = "transcript"
    assert Settings.from_env(named).transcript_function == "transcript"


@pytest.mark.parametrize(("text", "most"), [("", 1_000_000), ("0", 0), ("7", 7)])
def test_the_budget_of_voices_may_be_unlimited(text: str, most: int) -> None:
    assert Settings.from_env({**TABLES, "VOICE_BUDGET": text}).limits.voice_budget == most
