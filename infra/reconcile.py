"""`python -m infra.reconcile --stage dev [--session ID]`: the reconciler, by hand.

Prints what it found and mended as one line of JSON.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

from chalice_app.bootstrap import Application, aws_adapters
from chalice_app.errors import BroadcasterError
from infra.stages import stage_settings
from streams.reconcile import reconciler


def main(arguments: Sequence[str] | None = None) -> int:
    """Reconciles a stage; 1 when it could not be read, with the reason in one line."""
    parser = argparse.ArgumentParser(prog="python -m infra.reconcile")
    parser.add_argument("--stage", default="dev", help="the Chalice stage (default: dev)")
    parser.add_argument("--session", help="only this session, by its name")
    chosen = parser.parse_args(arguments)
    try:
        settings = stage_settings(chosen.stage)
        found = reconciler(Application(settings, aws_adapters(settings))).reconcile(chosen.session)
    except BroadcasterError as failure:
        print(f"reconcile: {failure.message}", file=sys.stderr)
        return 1
    print(json.dumps(asdict(found)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
