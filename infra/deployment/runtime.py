"""The Python that Lambda runs the functions with, and what has to match it.

Lambda takes no new function of python3.11 after July 2027 and updates none after August 2027
(https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html). Chalice 1.34 has no setting for
the runtime: it takes the deploying Python's version, so two machines would move the same functions
back and forth. What the functions carry is Python source alone, which any version reads.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import Any, Final

from chalice.config import Config

from infra.deployment.errors import DeploymentError

RUNTIME: Final = "python3.13"


def use_runtime() -> None:
    """Make Chalice, in this process, deploy and package the functions for `RUNTIME`."""
    Config.lambda_python_version = property(lambda _config: RUNTIME)  # type: ignore[assignment]
    # It advises to deploy with the functions' Python, for the sake of wheels that it would bundle.
    warnings.filterwarnings("ignore", "You are currently running python", UserWarning)


def layers(config: Mapping[str, Any], stage: str) -> Iterator[str]:
    """The ARNs of the layers that a stage's functions have, wherever Chalice looks for them."""
    for scope in (config, config.get("stages", {}).get(stage, {})):
        for each in (scope, *scope.get("lambda_functions", {}).values()):
            yield from each.get("layers", ())


def require_matching_layers(client: Any, config: Mapping[str, Any], stage: str) -> None:
    """Refuse a layer that was made for another Python: its compiled modules would not load.

    Args:
        client: of Lambda.
        config: Chalice's configuration.
        stage: the stage's name.

    Raises:
        DeploymentError: a layer names the runtimes it is for, and RUNTIME is not one of them.
    """
    for arn in dict.fromkeys(layers(config, stage)):
        runtimes = client.get_layer_version_by_arn(Arn=arn).get("CompatibleRuntimes") or [RUNTIME]
        if RUNTIME not in runtimes:
            raise DeploymentError(
                f"the layer {arn} is for {', '.join(runtimes)}, and the functions run on {RUNTIME}",
                "make oidc-layer, publish it (infra/README.md, Settings), and name its new ARN in "
                ".chalice/config.json",
            )
