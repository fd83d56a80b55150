"""The whole stage as one SAM template: what Chalice packages, merged with tables and alarms.

Chalice packages a project of its own, made in a temporary directory: the stage's recorded outputs
and anything else in the working tree stay out of it. In the template the functions get names,
tables and streams as references to the stack's own resources, never a recorded value.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from chalice.package import TemplateDeepMerger, YAMLTemplateSerializer

from infra.deployment.errors import DeploymentError
from infra.deployment.policies import read_policies, with_references
from infra.deployment.record import GENERATED, is_recorded_variable, is_traced
from infra.deployment.stage_names import API_HANDLER, Stage, read_config

TEMPLATES: Final = (
    Path("infra") / "tables.yaml",
    Path("infra") / "alarms.yaml",
    Path("infra") / "domain.yaml",
    Path("infra") / "app-merge.json",
)
"""Merged in this order, the last one winning."""

_STACKS_OWN: Final = ("HttpApiId", "WebSocketApiId", "ApiStage")
"""Parameters of `domain.yaml` for which `app-merge.json` has the stack's own resources."""

PACKAGES: Final = ("chalice_app", "streams")


def package(project: Path, stage: Stage, directory: Path, out: Path) -> None:
    """Writes `sam.json` and `deployment.zip` to `out`, working in an empty `directory`.

    Raises:
        DeploymentError: Chalice could not package it.
    """
    copy_sources(project, directory)
    _write_configuration(project, stage, directory)
    merge = directory / "merge.json"
    merge.write_text(json.dumps(merged_template(project, stage)), encoding="utf-8")
    command = [str(Path(sys.executable).with_name("chalice")), "--project-dir", str(directory)]
    command += ["package", "--stage", stage.name, "--merge-template", str(merge), str(out)]
    environment = {**_without_settings(os.environ), **_stand_ins(stage)}
    # app.py looks for `infra`, which is not part of the copied project.
    environment["PYTHONPATH"] = str(project)
    if code := subprocess.run(command, env=environment, check=False).returncode:
        raise DeploymentError(
            f"chalice package ended with exit code {code}", "correct what it says above"
        )


def copy_sources(project: Path, directory: Path) -> None:
    """Copies what the functions are made of: `app.py`, the requirements and both packages."""
    for name in ("app.py", "requirements.txt"):
        shutil.copy(project / name, directory / name)
    for name in PACKAGES:
        without = shutil.ignore_patterns("__pycache__", "*.pyc", ".*")
        shutil.copytree(project / name, directory / "vendor" / name, ignore=without)


def merged_template(project: Path, stage: Stage) -> dict[str, Any]:
    """What is merged into Chalice's template: everything that Chalice does not make itself."""
    template: dict[str, Any] = {}
    for path in TEMPLATES:
        # JSON is YAML, too; this reader knows CloudFormation's short forms.
        text = (project / path).read_text(encoding="utf-8")
        template = TemplateDeepMerger().merge(
            YAMLTemplateSerializer().load_template(text), template
        )
    for name in _STACKS_OWN:
        del template["Parameters"][name]
    template["Parameters"]["Stage"]["Default"] = stage.name
    template["Parameters"]["Environment"]["Default"] = stage.environment
    return template


def _write_configuration(project: Path, stage: Stage, directory: Path) -> None:
    config = read_config(project)
    of_stage = config.setdefault("stages", {}).setdefault(stage.name, {})
    # A stage's own settings stay; what a deployment has recorded is the stack's to say.
    of_stage["environment_variables"] = {
        name: value
        for name, value in of_stage.get("environment_variables", {}).items()
        if not is_recorded_variable(name)
    }
    functions = of_stage.setdefault("lambda_functions", {})
    generated = directory / ".chalice" / GENERATED / stage.name
    generated.mkdir(parents=True)
    for name, policy in read_policies(project, is_traced(config, stage.name)).items():
        functions.setdefault(name, {})["iam_policy_file"] = f"{GENERATED}/{stage.name}/{name}.json"
        of_function = with_references(policy, _function_name(name))
        (generated / f"{name}.json").write_text(json.dumps(of_function), encoding="utf-8")
    (directory / ".chalice" / "config.json").write_text(json.dumps(config), encoding="utf-8")


def _function_name(function: str) -> str:
    """As `app-merge.json` names them, for Fn::Sub."""
    base = "${ApplicationName}-${Stage}"
    return base if function == API_HANDLER else f"{base}-{function}"


def _without_settings(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if not is_recorded_variable(name)}


def _stand_ins(stage: Stage) -> Mapping[str, str]:
    """What `app.py` must find when Chalice imports it; none of it reaches the template."""
    stream = "arn:aws:dynamodb:us-east-1:000000000000:table/{}-{}/stream/merged"
    tables = {
        "SESSIONS": "Sessions",
        "CONNECTIONS": "Connections",
        "CACHED_TRANSLATIONS": "CachedTranslations",
        "ROSTERS": "SessionRosters",
        "SENTENCES": "Sentences",
    }
    names = {f"{name}_TABLE_NAME": f"{table}-{stage.name}" for name, table in tables.items()}
    streams = {f"{name}_STREAM_ARN": stream.format(tables[name], stage.name) for name in tables}
    return {**names, **streams, "AWS_DEFAULT_REGION": "us-east-1"}
