"""A shorter journey on Apache Kafka: three services in a process each, killed in the middle."""

import json
from collections import Counter
from itertools import islice
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from services.demo.county import demo_villages
from services.demo.staff import Staff
from services.place import SERVICES
from services.simulators.county_year import live_stream
from services.simulators.feeding import feed
from services.simulators.said import Said
from shared.bus.local_broker import LocalBroker
from shared.bus.topics import ALL as ALL_TOPICS
from tests.journey.books import read_books
from tests.journey.distributed import Distributed, distributed
from tests.journey.process_group import comes_true, waterdesk

_SAID = 60
_PATIENCE_SECONDS = 60.0
_FAULTS = (
    ("hotline", "timeout_after_accepting", "reply", 4),
    ("hotline", "error_5xx", "orders", 3),
    ("hotline", "error_5xx", "reply", 3),
    ("hotline", "duplicate", "push", 5),
    ("hotline", "disorder", "push", 2),
    ("board", "waf_403", "search", 1),
    ("wechat", "duplicate", "push", 3),
    ("wechat", "timeout_after_accepting", "customer_message", 2),
)


def _said() -> list[Said]:
    """The last quarter of an hour of a county, a village's burst with it."""
    start = datetime.now(UTC) - timedelta(minutes=15)
    return list(islice(live_stream(7, rate=6, start=start, villages=demo_villages()), _SAID))


class _Journey:
    def __init__(self, desk: Distributed, said: list[Said]) -> None:
        self._desk = desk
        self._truth = {(one.platform.value, one.number): one for one in said}
        self._staff = Staff(desk, self._truth)
        self.complaints = [one for one in said if one.is_complaint]

    async def work(self) -> int:
        """Everybody does what there is to do now, whatever the hour. Returns how much that was."""
        acts = await self._staff.to_do()
        for act in acts:
            await act.do()
        return len(acts)

    async def all_is_answered(self) -> bool:
        await self.work()
        waiting = await self._desk.count(
            "reply", "SELECT count(*) FROM complaint WHERE state = 'open'"
        )
        known = await self._desk.count("reply", "SELECT count(*) FROM complaint")
        return known >= len(self.complaints) and waiting == 0
