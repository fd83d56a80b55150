"""`python -m infra.deploy --stage dev [--alarm-email WHO]`: a stage on AWS, whole.

Credentials and region are the SDK's settings (AWS_PROFILE, AWS_REGION). Each step is printed; run
again, nothing changes. `infra.deployment.stage_deployment` has the steps.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial

import boto3
from botocore.exceptions import BotoCoreError, ClientError, NoRegionError

from infra.deployment.custom_domain import chosen_domain
from infra.deployment.errors import DeploymentError, error_with_remedy
from infra.deployment.record import Record
from infra.deployment.stage_deployment import StageDeployment, chalice_deploy
from infra.deployment.stage_names import PROJECT, stage_named
from infra.interruption import run_command


def main(arguments: Sequence[str] | None = None) -> int:
    """Deploys a stage; 1 when it could not be done, with the reason and the remedy in one line."""
    parser = argparse.ArgumentParser(prog="python -m infra.deploy")
    parser.add_argument("--stage", default="dev", help="the Chalice stage (default: dev)")
    parser.add_argument("--alarm-email", help="who is written to when an alarm fires")
    parser.add_argument("--cost-email", help="who is written to when the alarm about money fires")
    parser.add_argument(
        "--cache-hit-rate-tells",
        choices=("AlarmTopic", "CostTopic", "nobody"),
        help="which topic's subscribers the alarm about money tells (default: CostTopic)",
    )
    parser.add_argument(
        "--again", action="store_true", help="go on although an earlier deployment was broken off"
    )
    parser.add_argument(
        "--domain",
        metavar="DOMAIN",
        help="of the pages, such as talk.example.org; WebSockets are on ws. before it; "
        "none takes it from the stage",
    )
    parser.add_argument(
        "--certificate", metavar="ARN", help="of ACM in this region, for both names of the domain"
    )
    parser.add_argument("--poll-seconds", type=float, default=5.0, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    return run_reporting(lambda: deploy(chosen))


def deploy(chosen: argparse.Namespace) -> None:
    """Deploys what the command line chose."""
    stage = stage_named(chosen.stage)
    domain = chosen_domain(chosen.domain, chosen.certificate)
    if region := os.environ.get("AWS_REGION"):
        # Of the two names Python's SDK, and so Chalice, reads only the other.
        os.environ["AWS_DEFAULT_REGION"] = region
    session = boto3.Session()
    if session.region_name is None:
        raise NoRegionError
    deployment = StageDeployment(
        session=session,
        record=Record(PROJECT, stage),
        chalice=partial(chalice_deploy, PROJECT, stage.name),
        say=partial(print, "deploy:", flush=True),
        seconds=chosen.poll_seconds,
    )
    alarms = {
        "AlarmEmail": chosen.alarm_email,
        "CostEmail": chosen.cost_email,
        "CacheHitRateTells": chosen.cache_hit_rate_tells,
    }
    deployment.run(alarms, chosen.again, domain)


def run_reporting(command: Callable[[], None]) -> int:
    """Runs a command and prints what went wrong in one line; returns the exit code."""
    try:
        command()
    except (DeploymentError, ClientError, BotoCoreError) as error:
        print(f"deploy: {error_with_remedy(error)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    run_command(
        "deploy",
        main,
        "the stage may be deployed in part: run this again (ARGS=--again if it was the first)",
    )
