"""`python -m infra.oidc_layer`: the Lambda layer with what verifies a provider's tokens.

It holds the wheels of `requirements-oidc.txt` for the functions' own Python and architecture
(`lambda_architecture` in .chalice/config.json), whatever this machine is. infra/README.md says
under "Settings" how it is published.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from infra.deployment.runtime import RUNTIME
from infra.deployment.stage_names import PROJECT, read_config
from infra.install import explain, pip_install
from infra.interruption import run_command

LOCK: Final = PROJECT / "infra" / "requirements-oidc.txt"
LAYER: Final = PROJECT / ".chalice" / "packaged" / "oidc-layer"
PLATFORMS: Final = {"arm64": "manylinux2014_aarch64", "x86_64": "manylinux2014_x86_64"}


def wheels_command(config: Mapping[str, Any], target: Path) -> list[str]:
    """The command that unpacks the lock's wheels for the functions into `target`."""
    platform = PLATFORMS[config.get("lambda_architecture", "x86_64")]
    version = RUNTIME.removeprefix("python")
    return [
        *pip_install(Path(sys.executable), LOCK),
        *("--no-compile", "--platform", platform, "--python-version", version),
        *("--implementation", "cp", "--target", str(target)),
    ]


def main() -> int:
    """Make the layer's zip; returns the exit code."""
    shutil.rmtree(LAYER, ignore_errors=True)
    # The folder in a layer that Lambda puts on Python's path.
    command = wheels_command(read_config(), LAYER / "python")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"make oidc-layer: {explain(done.stdout + done.stderr, LOCK)}", file=sys.stderr)
        return 1
    made = Path(shutil.make_archive(str(LAYER), "zip", LAYER))
    print(f"{made.relative_to(PROJECT)}: {made.stat().st_size:,} bytes, for {RUNTIME}")
    return 0


if __name__ == "__main__":
    run_command("oidc_layer", main)
