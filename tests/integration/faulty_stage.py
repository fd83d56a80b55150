"""A stage whose processes find each other by way of `faulty`'s forwarders.

`python -m tests.integration.faulty_stage --faults-port N [--seed S] [...]` takes what
`python -m infra.local` takes, too.
"""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.local.__main__ import main
from infra.local.process.ports import free_ports
from tests.integration.client import Stage, running_stage
from tests.integration.faulty import Faults, Forwarders


@contextmanager
def faulty_stage(log: Path, *arguments: str, seed: int = 0) -> Iterator[tuple[Stage, Faults]]:
    """A stage as `running_stage` has it, and what switches its faults: none to begin with."""
    port = next(free_ports())
    own = ("--faults-port", str(port), "--seed", str(seed))
    with running_stage(log, *own, *arguments, module=__name__) as stage:
        yield stage, Faults(port)


def _main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults-port", type=int, required=True)
    parser.add_argument("--seed", type=int, default=0)
    own, arguments = parser.parse_known_args()
    return main(arguments, Forwarders(own.faults_port, own.seed).start)


if __name__ == "__main__":
    sys.exit(_main())
