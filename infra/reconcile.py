"""`python -m infra.reconcile --stage dev [--session ID]`: the reconciler, by hand.

Prints what it found and corrected as one line of JSON.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from io import StringIO

from chalice_app.bootstrap.adapters import aws_adapters
from chalice_app.bootstrap.application import Application
from chalice_app.domain.errors import BroadcasterError, SessionNotFound
from chalice_app.observability.metrics import EmbeddedMetrics
from chalice_app.rosters.repair import Reconciled
from infra.interruption import run_command
from infra.stage_options import (
    add_stage_options,
    error_line,
    log_to_stderr,
    stage_settings,
    use_endpoints,
)


def reconcile(application: Application, session_id: str | None) -> Reconciled:
    """Corrects all sessions, or one.

    Raises:
        SessionNotFound: no session has that id.
        Unavailable: the tables could not be read.
    """
    survey = application.adapters.survey
    if session_id is not None and survey.read_counts(session_id) is None:
        raise SessionNotFound(
            f"stage {application.settings.stage} has no session {session_id!r}: names are such as "
            "golden-eagle-427, and a session is kept for twelve hours"
        )
    return application.reconciler.reconcile(session_id)


def main(arguments: Sequence[str] | None = None) -> int:
    """Reconciles a stage; 1 when it could not be read, with the reason in one line."""
    parser = argparse.ArgumentParser(prog="python -m infra.reconcile")
    add_stage_options(parser)
    parser.add_argument("--session", help="only this session, by its name")
    chosen = parser.parse_args(arguments)
    log_to_stderr("reconcile")
    try:
        use_endpoints(chosen, os.environ)
        settings = stage_settings(chosen.stage, os.environ)
        adapters = aws_adapters(settings)
        # Embedded metrics are for a function's log; here the line of JSON below is the report.
        quiet = replace(
            adapters, metrics=EmbeddedMetrics(StringIO(), settings.stage, adapters.clock)
        )
        found = reconcile(Application(settings, quiet), chosen.session)
    except BroadcasterError as failure:
        print(f"reconcile: {error_line(failure)}", file=sys.stderr)
        return 1
    print(json.dumps(asdict(found)))
    return 0


if __name__ == "__main__":
    run_command("reconcile", main)
