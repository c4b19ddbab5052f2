"""The processes that make the year one after the other: how far each comes, and how it ends."""

import asyncio
import json
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from shared.settings import CommonSettings
from tests.journey.kill_points import KillPoint
from tests.journey.process_group import Group, started
from waterdesk.commands.verify import audit_installation
from waterdesk.installation import open_installation
from waterdesk.simulators.county_year import YEAR

COMPLAINTS_A_YEAR = 401
"""What the model county handled in 2024."""

_SILENCE_SECONDS = 60.0
"""The longest time between two lines of a running process."""


@dataclass(frozen=True, slots=True)
class ProcessRun:
    kill_point: KillPoint | None = None
    """Killed at an exact step."""
    until: float | None = None
    """Killed anywhere, after this share of the year."""


RUNS: tuple[ProcessRun, ...] = (
    ProcessRun(kill_point=KillPoint("intake", "POST", "/platforms/wechat/callback", nth=12)),
    ProcessRun(
        kill_point=KillPoint("simulators", "POST", r"/12345/api/orders/\w+/replies", nth=40)
    ),
    ProcessRun(until=0.5),
    ProcessRun(
        kill_point=KillPoint("simulators", "POST", "/wechat/cgi-bin/message/custom/send", nth=5)
    ),
    ProcessRun(),
)
"""Kills between a platform and us (each side has stored its part), and anywhere. The last run
completes the year."""


async def run_year(run: ProcessRun, home: Path) -> Counter[str]:
    """One process on the data of those before. Returns the platform failures that happened."""
    failures: Counter[str] = Counter()
    is_first = not (home / "postgres").exists()
    async with started([sys.executable, "-m", "tests.journey.year_process"], home) as group:
        _write_line(group, run.kill_point.as_json() if run.kill_point else None)
        caught_up = False
        while line := await _read_line(group):
            report = json.loads(line)
            failures = Counter(report["failures"])
            if not caught_up:
                assert group.holds_postgres()
                if not is_first:
                    await _audit_holds(home)
                _write_line(group, "continue")
                caught_up = True
            if run.until and _share_of_year(home, report["now"]) > run.until:
                await group.kill()
                return failures
        if run.kill_point:
            await group.is_dead()
        else:
            assert await group.process.wait() == 0
        assert caught_up, "it ended before it had caught up with the run before"
    return failures


def _write_line(group: Group, value: Any) -> None:
    assert group.process.stdin is not None
    group.process.stdin.write(json.dumps(value).encode() + b"\n")


async def _read_line(group: Group) -> bytes:
    """Empty at the end of the process."""
    assert group.process.stdout is not None
    async with asyncio.timeout(_SILENCE_SECONDS):
        return await group.process.stdout.readline()


async def _audit_holds(home: Path) -> None:
    """After its first step a restarted process has caught up: the audit finds nothing."""
    with open_installation(CommonSettings(home=home)) as installation:
        result = await audit_installation(installation)
    assert not result.findings, result.findings


def _share_of_year(home: Path, now: str) -> float:
    until = datetime.fromisoformat(json.loads((home / "demo.json").read_text())["year_end"])
    return (datetime.fromisoformat(now) - (until - YEAR)) / YEAR
