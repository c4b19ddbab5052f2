"""The lives of one desk: how far each comes, and how it ends."""

import asyncio
import json
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from shared.settings import CommonSettings
from tests.journey.deaths import Death
from tests.journey.process_group import Group, started
from waterdesk.commands.verify import look_at
from waterdesk.installation import open_installation
from waterdesk.simulators.county_year import YEAR

COMPLAINTS_A_YEAR = 401
"""What the model county handled in 2024."""

_PATIENCE_SECONDS = 60.0
"""The longest silence of a process that lives."""


@dataclass(frozen=True, slots=True)
class Life:
    death: Death | None = None
    """At an exact step."""
    until: float | None = None
    """Killed at any step of its work, once it has lived this share of the year."""


LIVES: tuple[Life, ...] = (
    Life(death=Death("intake", "POST", "/platforms/wechat/callback", nth=12)),
    Life(death=Death("simulators", "POST", r"/12345/api/orders/\w+/replies", nth=40)),
    Life(until=0.5),
    Life(death=Death("simulators", "POST", "/wechat/cgi-bin/message/custom/send", nth=5)),
    Life(),
)
"""Between a platform and us (each side has done its part, and the other never hears of it), and
anywhere at all. The last one comes to its end."""


async def live(life: Life, home: Path) -> Counter[str]:
    """Live one of them on the data of those before. Returns what went wrong with the platforms."""
    happened: Counter[str] = Counter()
    is_first = not (home / "postgres").exists()
    async with started([sys.executable, "-m", "tests.journey.desk_process"], home) as desk:
        _tell(desk, life.death.as_json() if life.death else None)
        caught_up = False
        while line := await _next_line(desk):
            told = json.loads(line)
            happened = Counter(told["happened"])
            if not caught_up:
                assert desk.holds_postgres()
                if not is_first:
                    await _ledger_holds(home)
                _tell(desk, "go on")
                caught_up = True
            if life.until and _lived(home, datetime.fromisoformat(told["moment"])) > life.until:
                await desk.kill()
                return happened
        if life.death:
            await desk.is_dead()
        else:
            assert await desk.process.wait() == 0
        assert caught_up, "it died before it had caught up with the life before"
    return happened


def _tell(desk: Group, what: Any) -> None:
    assert desk.process.stdin is not None
    desk.process.stdin.write(json.dumps(what).encode() + b"\n")


async def _next_line(desk: Group) -> bytes:
    """Empty at its end."""
    assert desk.process.stdout is not None
    async with asyncio.timeout(_PATIENCE_SECONDS):
        return await desk.process.stdout.readline()


async def _ledger_holds(home: Path) -> None:
    """Nothing is lost, and nothing waits that should have gone on: it stands still, and has heard
    what the last life left unsaid."""
    with open_installation(CommonSettings(home=home)) as installation:
        ledger = await look_at(installation)
    assert not ledger.findings, ledger.findings


def _lived(home: Path, moment: datetime) -> float:
    """The share of the year that is over at a moment."""
    until = datetime.fromisoformat(json.loads((home / "demo.json").read_text())["year_end"])
    return (moment - (until - YEAR)) / YEAR
