"""`python -m infra.package --stage dev [--out DIR]`: the stage as one template and its zip.

`DIR` (.chalice/packaged/<stage>) then holds `sam.json` and `deployment.zip`, for `aws
cloudformation package` and `aws cloudformation deploy`; infra/README.md has the two commands.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.deployment.errors import DeploymentError
from infra.deployment.sam_template import package
from infra.deployment.stage_names import PROJECT, stage_named
from infra.interruption import run_command

MEGABYTE = 1_000_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Packages a stage; 1 when it could not be done, with the reason and the remedy in one line."""
    parser = argparse.ArgumentParser(prog="python -m infra.package")
    parser.add_argument("--stage", default="dev", help="the Chalice stage (default: dev)")
    parser.add_argument(
        "--out", type=Path, help="where to write (default: .chalice/packaged/<stage>)"
    )
    chosen = parser.parse_args(arguments)
    out = chosen.out or PROJECT / ".chalice" / "packaged" / chosen.stage
    try:
        with TemporaryDirectory() as directory:
            package(PROJECT, stage_named(chosen.stage), Path(directory), out)
    except DeploymentError as problem:
        print(f"package: {problem}", file=sys.stderr)
        return 1
    size = (out / "deployment.zip").stat().st_size / MEGABYTE
    print(f"package: {out / 'sam.json'}, {out / 'deployment.zip'} ({size:.2f} MB)")
    return 0


if __name__ == "__main__":
    run_command("package", main)
