"""A stage's own domain: refused at once where it cannot work, kept until it is taken away."""

import json
from pathlib import Path
from typing import Any

import pytest

from chalice_app.settings import Settings
from chalice_app.web import pages
from infra.cloudformation import Template
from infra.deployment.custom_domain import DomainChoice, chosen_domain
from infra.deployment.errors import DeploymentError
from infra.deployment.stage_deployment import StageDeployment
from infra.deployment.stage_names import PROJECT
from infra.deployment.standing import require_standing
from tests.unit.infra.deployment.fake_aws import ACCOUNT, FakeAws
from tests.unit.infra.deployment.fake_chalice import stage_of

DOMAIN = "talk.example.org"
CERTIFICATE = f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/0123-abcd"
CHOSEN = DomainChoice(DOMAIN, CERTIFICATE)
STACK = "translation-broadcaster-dev-domain"
KEPT = DomainChoice()
REMOVED = DomainChoice(removed=True)


@pytest.fixture
def aws() -> FakeAws:
    aws = FakeAws()
    names = [DOMAIN, f"ws.{DOMAIN}"]
    aws.certificates[CERTIFICATE] = {
        "Status": "ISSUED", "DomainName": DOMAIN, "SubjectAlternativeNames": names,
    }  # fmt: skip
    return aws


def variables(project: Path) -> dict[str, str]:
    found: dict[str, str] = stage_of(project).get("environment_variables", {})
    return found


def of_stage(project: Path, **own: str) -> None:
    """Settings of the stage's owner."""
    path = project / ".chalice" / "config.json"
    config = json.loads(path.read_text())
    config["stages"]["dev"].setdefault("environment_variables", {}).update(own)
    path.write_text(json.dumps(config))


def settings_of(project: Path) -> Settings:
    """As the functions read them on AWS."""
    return Settings.from_env({**variables(project), "AWS_REGION": "us-east-1"})


# --- What the command line says -----------------------------------------------------------------


def test_without_a_word_the_domain_stays_as_it_is() -> None:
    assert chosen_domain(None, None) == KEPT
    assert chosen_domain("none", None) == REMOVED


@pytest.mark.parametrize(
    "domain",
    [
        DOMAIN, "example.org", "a.b.c.example.org", "xn--bcher-kva.example", "t-1.example.xn--p1ai",
        "9.example.org", f"{'a' * 63}.org", ("a" * 61 + ".") * 4 + "io",
    ],
)  # fmt: skip
def test_a_domain_is_taken(domain: str) -> None:
    assert chosen_domain(domain, CERTIFICATE) == DomainChoice(domain, CERTIFICATE)


@pytest.mark.parametrize(
    "domain",
    [
        "", "localhost", "https://talk.example.org", "talk.example.org/", "talk.example.org:443",
        "Talk.example.org", "talk.example.org.", ".example.org", "talk..example.org",
        "*.example.org", "talk_1.example.org", "-talk.example.org", "talk-.example.org",
        "bücher.example", "talk.example.org\n", " talk.example.org", "talk example.org",
        "192.0.2.1", "[::1]", f"{'a' * 64}.org", ("a" * 61 + ".") * 4 + "org", "talk.example.o\0g",
    ],
)  # fmt: skip
def test_a_malformed_domain_is_refused_with_what_to_give(domain: str) -> None:
    with pytest.raises(DeploymentError, match=r"is not a domain such as .*: give the name alone"):
        chosen_domain(domain, CERTIFICATE)


@pytest.mark.parametrize(
    "certificate",
    [
        "", "arn:…", "0123-abcd", CERTIFICATE.replace("acm", "iam"), CERTIFICATE[4:],
        CERTIFICATE.replace(ACCOUNT, "12"), CERTIFICATE.replace("us-east-1", ""),
        f"{CERTIFICATE} ", f"{CERTIFICATE}\n", CERTIFICATE.replace("certificate/", ""),
    ],
)  # fmt: skip
def test_a_malformed_certificate_is_refused_with_an_example(certificate: str) -> None:
    with pytest.raises(DeploymentError, match="is not the ARN of a certificate: give it as "):
        chosen_domain(DOMAIN, certificate)


def test_a_certificate_alone_is_refused() -> None:
    with pytest.raises(DeploymentError, match="CERTIFICATE is given without DOMAIN: give both"):
        chosen_domain(None, CERTIFICATE)
    with pytest.raises(DeploymentError, match="leave CERTIFICATE out"):
        chosen_domain("none", CERTIFICATE)


# --- What AWS would not take --------------------------------------------------------------------


def test_a_new_domain_without_a_certificate_is_refused(
    deployment: StageDeployment, aws: FakeAws
) -> None:
    with pytest.raises(DeploymentError, match=f"{DOMAIN} needs a certificate: give CERTIF"):
        deployment.run(domain=DomainChoice(DOMAIN))
    assert aws.stacks == {}


@pytest.mark.parametrize(
    "certificate",
    [CERTIFICATE.replace("us-east-1", "eu-west-1"), CERTIFICATE.replace(ACCOUNT, "9" * 12)],
)
def test_a_certificate_of_another_region_or_account_is_refused(
    deployment: StageDeployment, aws: FakeAws, certificate: str
) -> None:
    with pytest.raises(
        DeploymentError, match="of its own region: aws acm request-certificate --region us-east-1 "
    ):
        deployment.run(domain=DomainChoice(DOMAIN, certificate))
    assert aws.stacks == {}


def test_a_certificate_that_does_not_exist_is_refused(
    deployment: StageDeployment, aws: FakeAws
) -> None:
    aws.certificates.clear()
    with pytest.raises(DeploymentError, match="does not exist: aws acm request-certificate"):
        deployment.run(domain=CHOSEN)
    assert aws.stacks == {}


@pytest.mark.parametrize(
    ("certificate", "reason"),
    [
        ({"Status": "PENDING_VALIDATION"}, "is PENDING_VALIDATION, not ISSUED: put its validation"),
        ({"Status": "EXPIRED"}, "is EXPIRED, not ISSUED: aws acm request-certificate"),
        ({"SubjectAlternativeNames": [DOMAIN]}, f"and not for ws.{DOMAIN}: aws acm request-cert"),
        ({"SubjectAlternativeNames": ["*.example.org"]}, f"and not for ws.{DOMAIN}: aws acm"),
        ({"SubjectAlternativeNames": [f"*.{DOMAIN}"]}, f"and not for {DOMAIN}: aws acm request-c"),
    ],
)
def test_a_certificate_that_browsers_would_not_take_is_refused(
    deployment: StageDeployment, aws: FakeAws, certificate: dict[str, Any], reason: str
) -> None:
    aws.certificates[CERTIFICATE] |= certificate
    with pytest.raises(DeploymentError, match=reason):
        deployment.run(domain=CHOSEN)
    assert aws.stacks == {}


def test_a_wildcard_stands_for_one_label(deployment: StageDeployment, aws: FakeAws) -> None:
    names = ["*.example.org", f"*.{DOMAIN}"]
    aws.certificates[CERTIFICATE]["SubjectAlternativeNames"] = names
    deployment.run(domain=CHOSEN)
    assert STACK in aws.stacks


# --- What the stage's own settings say ----------------------------------------------------------


def test_the_owner_s_own_address_of_websockets_is_not_replaced(
    deployment: StageDeployment, project: Path, aws: FakeAws
) -> None:
    of_stage(project, WEBSOCKET_URL="wss://elsewhere.example.org")
    with pytest.raises(DeploymentError, match=r"WEBSOCKET_URL is wss://elsewh.*: remove it there"):
        deployment.run(domain=CHOSEN)
    assert aws.stacks == {}
    deployment.run()
    assert variables(project)["WEBSOCKET_URL"] == "wss://elsewhere.example.org"


def test_origins_that_leave_the_domain_out_are_refused(
    deployment: StageDeployment, project: Path, aws: FakeAws
) -> None:
    of_stage(project, ALLOWED_ORIGINS="https://other.example.org")
    with pytest.raises(DeploymentError, match=f"add https://{DOMAIN} to it in .chalice/config"):
        deployment.run(domain=CHOSEN)
    assert aws.stacks == {}
    of_stage(project, ALLOWED_ORIGINS="*")
    deployment.run(domain=CHOSEN)
    of_stage(project, ALLOWED_ORIGINS=f"https://other.example.org,https://{DOMAIN}")
    deployment.run(domain=CHOSEN)
    of_stage(project, ALLOWED_ORIGINS="https://other.example.org")
    with pytest.raises(DeploymentError, match=f"add https://{DOMAIN} to it in .chalice/config"):
        deployment.run()


# --- The stage with its domain ------------------------------------------------------------------


def test_pages_sockets_posts_and_origins_have_their_addresses(
    deployment: StageDeployment, project: Path
) -> None:
    deployment.run(domain=CHOSEN)
    settings, recorded = settings_of(project), variables(project)
    assert settings.websocket_url == f"wss://ws.{DOMAIN}"
    page = pages.load().page(pages.SPEAKER, settings.websocket_url, "")
    assert f"wss://ws.{DOMAIN}" in json.dumps([repr(page)])
    api = f"{recorded['WEBSOCKET_API_ID']}.execute-api.us-east-1.amazonaws.com/api"
    assert settings.management_endpoint == f"https://{api}"
    (page_id,) = [each for each in deployment.session.apis if each.startswith("rest")]
    own = f"https://{page_id}.execute-api.us-east-1.amazonaws.com"
    assert settings.allowed_origins == (f"https://{DOMAIN}", own)


def test_the_domain_leads_to_the_stage_s_apis(
    deployment: StageDeployment, project: Path, aws: FakeAws
) -> None:
    deployment.run(domain=CHOSEN)
    (page_id,) = [each for each in aws.apis if each.startswith("rest")]
    assert aws.parameters(STACK) == {
        "Domain": DOMAIN, "Certificate": CERTIFICATE, "HttpApiId": page_id,
        "WebSocketApiId": variables(project)["WEBSOCKET_API_ID"], "ApiStage": "api",
    }  # fmt: skip


def test_a_first_deployment_with_a_domain_runs_chalice_twice(deployment: StageDeployment) -> None:
    deployment.run(domain=CHOSEN)
    assert deployment.chalice.runs == 2  # type: ignore[attr-defined]


def test_the_steps_that_dns_needs_are_said_by_every_deployment(
    deployment: StageDeployment, said: list[str]
) -> None:
    for chosen in (CHOSEN, KEPT):
        said.clear()
        deployment.run(domain=chosen)
        host = "execute-api.us-east-1.amazonaws.com"
        alias = "in Route 53: A, alias to it, hosted zone"
        assert said[-3:] == [
            f"DNS: {DOMAIN} CNAME d-1.{host} ({alias} Z1)",
            f"DNS: ws.{DOMAIN} CNAME d-2.{host} ({alias} Z2)",
            f"until DNS has both, no page can connect; after that: https://{DOMAIN}/",
        ]


@pytest.mark.parametrize("chosen", [KEPT, CHOSEN, DomainChoice(DOMAIN)])
def test_a_later_deployment_keeps_the_domain_and_changes_nothing(
    deployment: StageDeployment, project: Path, chosen: DomainChoice, said: list[str]
) -> None:
    deployment.run(domain=CHOSEN)
    before, runs = variables(project), deployment.chalice.runs  # type: ignore[attr-defined]
    deployment.run(domain=chosen)
    assert variables(project) == before
    assert deployment.chalice.runs == runs + 1  # type: ignore[attr-defined]
    assert f"stack {STACK}: unchanged" in said


def test_a_bare_chalice_deploy_keeps_the_domain_and_is_refused_without_its_stack(
    deployment: StageDeployment, project: Path, aws: FakeAws
) -> None:
    deployment.run(domain=CHOSEN)
    require_standing(aws, deployment.record, variables(project))
    aws.delete_stack(STACK)
    with pytest.raises(DeploymentError, match=f"the custom domain ws.{DOMAIN} does not exist any"):
        require_standing(aws, deployment.record, variables(project))


def test_another_checkout_keeps_the_domain_that_the_stage_has(
    deployment: StageDeployment, project: Path
) -> None:
    deployment.run(domain=CHOSEN)
    path = project / ".chalice" / "config.json"
    config = json.loads(path.read_text())
    config["stages"]["dev"] = {}
    path.write_text(json.dumps(config))
    deployment.run()
    assert settings_of(project).websocket_url == f"wss://ws.{DOMAIN}"


def test_another_domain_replaces_the_first(
    deployment: StageDeployment, project: Path, aws: FakeAws
) -> None:
    deployment.run(domain=CHOSEN)
    names = ["t.example.org", "ws.t.example.org"]
    aws.certificates[f"{CERTIFICATE}2"] = {"Status": "ISSUED", "SubjectAlternativeNames": names}
    deployment.run(domain=DomainChoice("t.example.org", f"{CERTIFICATE}2"))
    assert settings_of(project).websocket_url == "wss://ws.t.example.org"
    assert DOMAIN not in json.dumps(variables(project))


def test_the_domain_goes_when_it_is_taken_away_and_only_then(
    deployment: StageDeployment, project: Path, aws: FakeAws, said: list[str]
) -> None:
    deployment.run()
    before = variables(project)
    deployment.run(domain=CHOSEN)
    deployment.run(domain=REMOVED)
    assert f"stack {STACK}: deleted" in said
    assert STACK not in aws.stacks
    assert variables(project) == before
    assert "WEBSOCKET_URL" not in before


def test_a_domain_whose_stack_is_gone_is_not_dropped_in_silence(
    deployment: StageDeployment, project: Path, aws: FakeAws
) -> None:
    deployment.run(domain=CHOSEN)
    aws.delete_stack(STACK)
    with pytest.raises(DeploymentError, match=f"DOMAIN={DOMAIN} and CERTIFICATE again, or DOM"):
        deployment.run()
    deployment.run(domain=REMOVED)
    assert "WEBSOCKET_URL" not in variables(project)


def test_a_stage_without_a_domain_has_nothing_to_take_away(
    deployment: StageDeployment, said: list[str]
) -> None:
    deployment.run(domain=REMOVED)
    assert f"stack {STACK}: there is none" in said
    assert not any(line.startswith("DNS") for line in said)


def test_after_chalice_delete_the_domain_leads_to_the_new_apis(
    deployment: StageDeployment, project: Path, aws: FakeAws
) -> None:
    deployment.run(domain=CHOSEN)
    deployment.chalice.delete()  # type: ignore[attr-defined]
    deployment.run()
    assert aws.parameters(STACK)["WebSocketApiId"] == variables(project)["WEBSOCKET_API_ID"]
    assert aws.parameters(STACK)["HttpApiId"] in aws.apis


# --- The template -------------------------------------------------------------------------------


def test_each_api_has_its_name_and_both_have_the_certificate() -> None:
    ids = {"HttpApiId": "rest1", "WebSocketApiId": "webs1", "ApiStage": "api"}
    template = Template.read(
        PROJECT / "infra" / "domain.yaml",
        {**ids, "Domain": DOMAIN, "Certificate": CERTIFICATE},
        {"HttpDomain", "WebSocketDomain"},
    )
    (http,) = template.resources("AWS::ApiGateway::DomainName").values()
    assert (http["DomainName"], http["RegionalCertificateArn"]) == (DOMAIN, CERTIFICATE)
    assert http["EndpointConfiguration"] == {"Types": ["REGIONAL"]}
    (sockets,) = template.resources("AWS::ApiGatewayV2::DomainName").values()
    assert sockets["DomainName"] == f"ws.{DOMAIN}"
    (of_sockets,) = sockets["DomainNameConfigurations"]
    assert of_sockets["CertificateArn"] == CERTIFICATE
    assert {http["SecurityPolicy"], of_sockets["SecurityPolicy"]} == {"TLS_1_2"}
    (mapping,) = template.resources("AWS::ApiGateway::BasePathMapping").values()
    assert mapping == {"DomainName": "HttpDomain", "RestApiId": "rest1", "Stage": "api"}
    (mapping,) = template.resources("AWS::ApiGatewayV2::ApiMapping").values()
    assert mapping == {"DomainName": "WebSocketDomain", "ApiId": "webs1", "Stage": "api"}
