"""A shorter journey on Apache Kafka: three services in a process each, killed in the middle."""

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice, product
from pathlib import Path

import pytest

from shared.bus.topics import ALL as ALL_TOPICS
from tests.journey.distributed import Distributed, distributed
from tests.journey.process_group import comes_true, waterdesk
from tests.journey.records import Records, read_records
from waterdesk.demo.county import demo_villages
from waterdesk.demo.simulated_staff import SimulatedStaff
from waterdesk.installation import SERVICES
from waterdesk.local_kafka.broker import LocalBroker
from waterdesk.simulators.county_year import live_stream
from waterdesk.simulators.submissions import Platform, Submission
from waterdesk.simulators.submit import submit

_SUBMISSIONS = 60
_WITHIN_SECONDS = 150.0
_IDLE_CHECKS = 20
_FAILURES = (
    ("hotline", "timeout_after_accepting", "reply", 4),
    ("hotline", "error_5xx", "tickets", 3),
    ("hotline", "error_5xx", "reply", 3),
    ("hotline", "duplicate", "push", 5),
    ("hotline", "disorder", "push", 2),
    ("board", "waf_403", "search", 1),
    ("wechat", "duplicate", "push", 3),
    ("wechat", "timeout_after_accepting", "customer_message", 2),
)


def _submissions() -> list[Submission]:
    """Of the last quarter of an hour, including one village's burst."""
    start = datetime.now(UTC) - timedelta(minutes=15)
    return list(islice(live_stream(7, rate=6, start=start, villages=demo_villages()), _SUBMISSIONS))


_DELIVERIES = "SELECT count(*) FROM raw_message WHERE platform <> 'message_board'"
_WAITING = """
SELECT count(*) FROM complaint c WHERE state = 'open' AND NOT EXISTS (
    SELECT FROM reply WHERE complaint_id = c.id AND state = 'sending'
        AND next_attempt_at > now() + interval '20 seconds'
)
"""


class _Journey:
    def __init__(self, services: Distributed, submissions: list[Submission]) -> None:
        self._services = services
        self._truth = {(one.platform.value, one.number): one for one in submissions}
        self._staff = SimulatedStaff(services, self._truth)
        self.complaints = [one for one in submissions if one.is_complaint]
        self._consumed: list[int] = []
        self._idle_checks = 0
        self._numbered = [one for one in submissions if one.platform is not Platform.BOARD]

    async def work(self) -> int:
        """Staff do every possible action at once, and residents are silent. Returns how many."""
        actions = [each for each in await self._staff.next_actions() if each.role is not None]
        for action in actions:
            await action.do()
        return len(actions)

    async def all_is_answered(self) -> bool:
        """Except replies whose sender was killed: their lease has to run out first."""
        await self.work()
        if await self._services.count("intake", _DELIVERIES) < len(self._numbered):
            return False  # chases may arrive after all complaints
        known = await self._services.count("reply", "SELECT count(*) FROM complaint")
        waiting = await self._services.count("reply", _WAITING)
        return known >= len(self.complaints) and waiting == 0 and await self._is_idle()

    async def _is_idle(self) -> bool:
        """All outboxes are empty and no event was consumed for some checks in a row."""
        consumed = [
            await self._services.count(service, f"SELECT count(*) FROM {table}")
            for table, service in product(("outbox_unsent", "inbox"), SERVICES)
        ]
        self._idle_checks = (
            self._idle_checks + 1 if consumed == self._consumed and not any(consumed[:3]) else 0
        )
        self._consumed = consumed
        return self._idle_checks >= _IDLE_CHECKS


@pytest.mark.kafka
@pytest.mark.timeout(600)
async def test_services_killed_in_the_middle_lose_nothing_and_double_nothing(
    tmp_path: Path, postgres: str, apache_kafka: LocalBroker
) -> None:
    submissions = _submissions()
    async with distributed(tmp_path / "home", postgres, apache_kafka.bootstrap) as services:
        journey = _Journey(services, submissions)
        for simulator, kind, on, times in _FAILURES:
            failure = {"simulator": simulator, "kind": kind, "on": on, "times": times}
            (await services.platforms.post("/_control/failures", json=failure)).raise_for_status()

        for one in submissions[: _SUBMISSIONS // 3]:
            await submit(services.platforms, one)

        async def some_are_linked() -> bool:
            return await services.count("dispatch", "SELECT count(*) FROM work_order") > 3

        await comes_true(some_are_linked, _WITHIN_SECONDS, [*services.running.values()])
        await services.kill("dispatch")
        for one in submissions[_SUBMISSIONS // 3 : _SUBMISSIONS // 2]:
            await submit(services.platforms, one)
        await services.start(["dispatch"])

        async def some_are_answered() -> bool:
            await journey.work()
            return len(_replied(services)) > 5

        await comes_true(some_are_answered, _WITHIN_SECONDS, [*services.running.values()])
        await services.kill(*SERVICES)
        for one in submissions[_SUBMISSIONS // 2 :]:
            await submit(services.platforms, one)
        await services.start()
        await comes_true(journey.all_is_answered, _WITHIN_SECONDS, [*services.running.values()])
        records = await read_records(services.server, services.journal())
        _matches_submissions(records, submissions)

        for status, _ in await asyncio.gather(
            *(
                waterdesk("replay", topic, home=services.home, settings=services.settings)
                for topic in ALL_TOPICS
            )
        ):
            assert status == 0
        again = await read_records(services.server, services.journal())
        assert again.rows == records.rows
        assert again.replies_at_platforms() == records.replies_at_platforms()
        await _audit_finds_nothing(services)


async def _audit_finds_nothing(services: Distributed) -> None:
    status, out = await waterdesk(
        "verify", "--json", home=services.home, settings=services.settings
    )
    assert (status, json.loads(out)["findings"]) == (0, [])


def _matches_submissions(records: Records, submissions: list[Submission]) -> None:
    stored = Counter((row["platform"], row["external_id"]) for row in records.intake_complaints)
    assert set(stored.values()) == {1}
    assert {
        (one.platform.value, one.number) for one in submissions if one.is_complaint
    } <= stored.keys()
    assert Counter(
        (row["platform"], row["delivery_id"])
        for row in records.raw_messages
        if row["platform"] != Platform.BOARD
    ) == Counter(
        (one.platform.value, one.key) for one in submissions if one.platform is not Platform.BOARD
    )
    assert records.replies_in("delivered") <= records.replies_at_platforms()
    may_have_arrived = (
        records.replies_in("delivered", "sending") + records.interim_replies_in_doubt()
    )
    assert records.replies_at_platforms() <= may_have_arrived


def _replied(services: Distributed) -> list[str]:
    kinds = ("replied", "returned", "answered", "customer_message")
    return [entry["kind"] for entry in services.journal() if entry["kind"] in kinds]
