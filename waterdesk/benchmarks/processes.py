"""Processes of a benchmark, which report in JSON lines on standard output."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from shared.privacy.vault import new_key
from waterdesk.installation import Installation


class ProcessFailedError(Exception):
    """A process ended early; its standard error says why."""


def environment_of(installation: Installation) -> dict[str, str]:
    """For a process that serves this installation."""
    return os.environ | {
        "WATERDESK_HOME": str(installation.settings.home),
        "WATERDESK_DATABASE_URL": installation.database_url("{service}"),
        "WATERDESK_BUS": installation.settings.bus,
        "WATERDESK_BUS_URL": installation.database_url("bus"),
        "WATERDESK_KAFKA": installation.settings.kafka,
        "WATERDESK_SECRET": installation.secret,
        "WATERDESK_PRIVACY_KEYS": new_key(),  # none reads what another process has sealed
    }


@asynccontextmanager
async def running(
    module: str, arguments: Sequence[Sequence[str]], environment: Mapping[str, str]
) -> AsyncIterator[Sequence[Process]]:
    """One process of `module` for each entry of `arguments`; killed where it outlives the context.

    Their standard input is a pipe.
    """
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", module, *of_process),
            stdin=PIPE,
            stdout=PIPE,
            limit=2**20,
            env=environment,
        )
        for of_process in arguments
    ]
    try:
        yield processes
    finally:
        for process in processes:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def report_of(process: Process) -> dict[str, Any]:
    """The next line. Raises ProcessFailedError."""
    assert process.stdout is not None
    if not (line := await process.stdout.readline()):
        raise ProcessFailedError(f"a process ended with status {await process.wait()}")
    report: dict[str, Any] = json.loads(line)
    return report
