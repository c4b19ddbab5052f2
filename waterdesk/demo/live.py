"""The demo in real time: residents go on speaking, crews and reviewers go on working."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from random import Random

import httpx
import structlog

from shared.bus.backoff import wait_for
from shared.bus.transient_errors import is_transient
from waterdesk.demo.staff import Staff
from waterdesk.demo.world import World
from waterdesk.simulators.county_year import live_stream
from waterdesk.simulators.drafts import Village
from waterdesk.simulators.feeding import feed
from waterdesk.simulators.said import Said

log = structlog.get_logger(__name__)

_STAFF_LOOKS_EVERY_SECONDS = 1.0
_JUST_BEFORE = timedelta(minutes=10)
"""The longest of it, however seldom somebody speaks."""
_SAID_JUST_BEFORE = 6
"""About how many have spoken when the console opens: nobody shall look at an empty board."""
LEAVE_TO_THE_VISITOR = 0.3
"""The share of acts that the demo's own staff leaves undone, for whoever tries the console."""


async def residents_speak(
    world: World,
    villages: Sequence[Village],
    rate: float,
    truth: dict[tuple[str, str], Said],
    stopping: asyncio.Event,
) -> None:
    """`rate`: utterances a minute, by chance around it. Adds what is said to `truth`."""
    chance = Random()
    start = world.clock.now() - min(timedelta(minutes=_SAID_JUST_BEFORE / rate), _JUST_BEFORE)
    for said in live_stream(chance.randrange(2**31), rate, start, villages=villages):
        pause = (said.at - world.clock.now()).total_seconds()
        if pause > 0 and await wait_for(stopping, pause):
            return
        truth[said.platform.value, said.number] = said
        await feed(world.said_to, said)


async def staff_works(staff: Staff, world: World, stopping: asyncio.Event) -> None:
    """Do what is due, leaving some of it to the visitor."""
    while not await wait_for(stopping, _STAFF_LOOKS_EVERY_SECONDS):
        try:
            for act in await staff.to_do():
                if act.at > world.clock.now() or stopping.is_set():
                    break
                if Random(act.what).random() >= LEAVE_TO_THE_VISITOR:
                    await act.do()
        except Exception as error:
            if not is_transient(error) and not isinstance(error, httpx.HTTPError):
                raise
            if not stopping.is_set():
                log.warning("demo_staff_waits", why=type(error).__name__)
