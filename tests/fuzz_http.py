"""`python -m tests.fuzz_http [--cases 50]`: schemathesis calls every HTTP route of a real stage.

Of every answer it asks that docs/openapi.json describes its status, its content type and its body,
and that none is a 5xx. Its environment is .venv/contracts. The exit code is schemathesis's.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from tests.integration.client import PROJECT, Session, Stage, Talk, running_stage

CHECKS = ",".join(
    f"{checked}_conformance" for checked in ("status_code", "content_type", "response_schema")
)
"""Besides `not_a_server_error`."""


CONFIGURATION = """
[parameters]
"path.session_id" = {session}

[phases.coverage]
unexpected-methods = []
"""
"""Calls are about a real session. Methods without a route never reach the application."""


def main() -> int:
    """Runs a stage, and schemathesis against it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", type=int, default=50, help="of each route")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as directory,
        running_stage(Path(directory) / "stage.log", "--data-dir", directory) as stage,
    ):
        session = stage.open_session()
        asyncio.run(say_something(stage, session))
        at = Path(directory) / "schemathesis.toml"
        at.write_text(CONFIGURATION.format(session=json.dumps(session.session_id)))
        command = [
            *(str(PROJECT / ".venv/contracts/bin/st"), "--config-file", str(at)),
            *(
                "run",
                "docs/openapi.json",
                "--url",
                stage.http,
                "--checks",
                f"not_a_server_error,{CHECKS}",
            ),
            *("--max-examples", str(asked.cases), "--seed", str(asked.seed)),
            *("--header", f"Authorization: Bearer {session.token}"),
        ]
        environment = {**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
        # The end of the session comes last.
        runs = ("--exclude-operation-id", "--include-operation-id")
        done = [
            subprocess.run([*command, which, "endSession"], cwd=PROJECT, env=environment)  # noqa: S603
            for which in runs
        ]
        return max(each.returncode for each in done)


async def say_something(stage: Stage, session: Session) -> None:
    """Something that transcript and report can be of."""
    async with AsyncExitStack() as sockets:
        at = Talk(stage, session, sockets)
        speaker = await at.join_speaker()
        await at.join("pt")
        await at.say(speaker, "Good morning.")


if __name__ == "__main__":
    sys.exit(main())
