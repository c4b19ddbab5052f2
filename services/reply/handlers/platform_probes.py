"""Platforms are asked something harmless while nothing is sent, so that an outage is noticed then
too, and its end."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import structlog
from sqlalchemy import select

from services.reply.channels.channel import Channel
from services.reply.context import Context, ReplyConfig, transaction
from services.reply.models import PlatformHealth
from services.reply.rules.delivery import AttemptResult
from shared.db import Database
from shared.http import PlatformUnavailable
from shared.send_once import Refused

from .platform_health import note_platforms

IDLE = timedelta(minutes=1)
"""A platform that was heard of more lately is not asked."""

log = structlog.get_logger(__name__)


async def probe_idle(
    database: Database, config: ReplyConfig, channels: Mapping[str, Channel]
) -> int:
    """Probe the platforms that nothing was sent to for a minute. Returns 0: there is no hurry."""
    async with transaction(database, config) as context:
        known = await _known(context)
        idle = [name for name in sorted(channels) if _is_idle(known.get(name), context)]
    if not idle:
        return 0
    results = await asyncio.gather(*(_probe(channels[name]) for name in idle))
    for name, result in zip(idle, results, strict=True):
        before = known.get(name)
        was_unavailable = before is not None and before.unavailable_since is not None
        if was_unavailable != (result is AttemptResult.UNAVAILABLE):
            log.warning("platform_probed", platform=name, result=result.value)
    async with transaction(database, config) as context:
        await note_platforms(context, {n: [r] for n, r in zip(idle, results, strict=True)})
    return 0


async def _known(context: Context) -> Mapping[str, PlatformHealth]:
    found = await context.session.execute(select(PlatformHealth))
    return {row.platform: row for row in found.scalars()}


def _is_idle(health: PlatformHealth | None, context: Context) -> bool:
    if health is None:
        return True
    times = [at for at in (health.last_success_at, health.last_failure_at) if at is not None]
    return context.now - max(times) >= IDLE


async def _probe(channel: Channel) -> AttemptResult:
    try:
        await channel.probe()
    except PlatformUnavailable:
        return AttemptResult.UNAVAILABLE
    except Refused:
        pass  # it answers
    return AttemptResult.RECEIPT
