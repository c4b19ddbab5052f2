"""SIGTERM ends a process whose event loop is blocked."""

import signal
import subprocess
import sys

import pytest

from tests.journey.process_group import ROOT

_BLOCKED = """
import asyncio, time
from waterdesk.runner import stop_on_signals

async def main():
    stop_on_signals(asyncio.Event(), within=0.5)
    print("blocked", flush=True)
    time.sleep(60)

{run}(main())
"""


@pytest.mark.parametrize("run", ["asyncio.run", "__import__('uvloop').run"])
def test_a_process_whose_event_loop_is_blocked_ends_all_the_same(run: str) -> None:
    program = [sys.executable, "-c", _BLOCKED.format(run=run)]
    with subprocess.Popen(
        program, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"blocked\n"
        process.send_signal(signal.SIGTERM)
        try:
            assert process.wait(timeout=10) == 1
        finally:
            process.kill()
