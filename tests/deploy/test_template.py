"""The packaged template: valid to the last warning, with X-Ray where it is asked for."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from infra.deployment.policies import read_policies

ACTIONS = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}


def test_the_template_is_valid(package: Path) -> None:
    lint = Path(sys.executable).with_name("cfn-lint")
    done = subprocess.run(  # noqa: S603 - as the Makefile does after packaging
        [lint, "--non-zero-exit-code", "informational", package / "sam.json"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "")


def test_the_http_api_is_regional(package: Path) -> None:
    # An edge-optimized one would send every request through CloudFront: a hop more.
    template = json.loads((package / "sam.json").read_text())
    assert template["Resources"]["RestAPI"]["Properties"]["EndpointConfiguration"] == "REGIONAL"


def test_a_domain_is_a_parameter_and_leads_to_the_stack_s_own_apis(package: Path) -> None:
    template = json.loads((package / "sam.json").read_text())
    parameters, resources = template["Parameters"], template["Resources"]
    assert parameters["Domain"]["Default"] == ""
    assert not {"HttpApiId", "WebSocketApiId", "ApiStage"} & parameters.keys()
    names = {"HttpDomain", "HttpMapping", "WebSocketDomain", "WebSocketMapping"}
    assert {resources[name]["Condition"] for name in names} == {"HasDomain"}
    assert resources["HttpMapping"]["Properties"]["RestApiId"] == {"Ref": "RestAPI"}
    assert resources["WebSocketMapping"]["Properties"]["ApiId"] == {"Ref": "WebsocketAPI"}
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    assert variables["WEBSOCKET_URL"] == {
        "Fn::If": ["HasDomain", {"Fn::Sub": "wss://ws.${Domain}"}, {"Ref": "AWS::NoValue"}]
    }
    own = "https://${RestAPI}.execute-api.${AWS::Region}.${AWS::URLSuffix}"
    connect = resources["WebsocketConnect"]["Properties"]["Environment"]["Variables"]
    assert connect["PAGE_ORIGIN"] == {
        "Fn::If": ["HasDomain", {"Fn::Sub": f"https://${{Domain}},{own}"}, {"Fn::Sub": own}]
    }


def test_x_ray_is_off_unless_asked_for(package: Path, project: Path) -> None:
    assert traced(package, project) == (set(), set())


def test_a_stage_that_asks_for_it_has_every_function_traced_and_allowed_to_be(
    project: Path, tmp_path: Path
) -> None:
    path = project / ".chalice" / "config.json"
    config = json.loads(path.read_text())
    config["stages"]["dev"]["xray"] = True
    path.write_text(json.dumps(config))
    command = [sys.executable, "-m", "infra.package", "--stage", "dev", "--out", str(tmp_path)]
    done = subprocess.run(  # noqa: S603 - this project, run as its Makefile does
        command, cwd=project, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    everything = set(read_policies(project))
    assert traced(tmp_path, project) == (everything, everything)


def traced(package: Path, project: Path) -> tuple[set[str], set[str]]:
    """The functions that are traced, and those that may write traces, by their policies' names."""
    template = json.loads((package / "sam.json").read_text())
    names = {camel(name): name for name in read_policies(project)} | {"APIHandler": "api_handler"}
    functions, roles = set(), set()
    for logical_id, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Serverless::Function" and logical_id in names:
            if properties.get("Tracing") == "Active":
                functions.add(names[logical_id])
            role = template["Resources"][properties["Role"]["Fn::GetAtt"][0]]
            if actions(role) >= ACTIONS:
                roles.add(names[logical_id])
    return functions, roles


def actions(role: Any) -> set[str]:
    return {
        action
        for policy in role["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in statement["Action"]
    }


def camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))
