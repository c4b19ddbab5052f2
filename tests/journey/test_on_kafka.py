"""A shorter journey on Apache Kafka: three services in a process each, killed in the middle."""

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice, product
from pathlib import Path

import pytest

from shared.bus.topics import ALL as ALL_TOPICS
from tests.journey.books import Books, read_books
from tests.journey.distributed import Distributed, distributed
from tests.journey.process_group import comes_true, waterdesk
from waterdesk.demo.county import demo_villages
from waterdesk.demo.staff import Staff
from waterdesk.installation import SERVICES
from waterdesk.local_kafka.broker import LocalBroker
from waterdesk.simulators.county_year import live_stream
from waterdesk.simulators.feeding import feed
from waterdesk.simulators.said import Said, SpokenTo

_SAID = 60
_PATIENCE_SECONDS = 150.0
_CALM_LOOKS = 20
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


_DELIVERIES = "SELECT count(*) FROM raw_message WHERE platform <> 'message_board'"
_WAITING = """
SELECT count(*) FROM complaint c WHERE state = 'open' AND NOT EXISTS (
    SELECT FROM reply WHERE complaint_id = c.id AND state = 'sending'
        AND next_attempt_at > now() + interval '20 seconds'
)
"""


class _Journey:
    def __init__(self, desk: Distributed, said: list[Said]) -> None:
        self._desk = desk
        self._truth = {(one.platform.value, one.number): one for one in said}
        self._staff = Staff(desk, self._truth)
        self.complaints = [one for one in said if one.is_complaint]
        self._heard: list[int] = []
        self._calm = 0
        self._numbered = [one for one in said if one.platform is not SpokenTo.BOARD]

    async def work(self) -> int:
        """Everybody does what there is to do now, whatever the hour. Returns how much that was."""
        acts = await self._staff.to_do()
        for act in acts:
            await act.do()
        return len(acts)

    async def all_is_answered(self) -> bool:
        """But for what a sender died with: that is not touched before its lease is over."""
        await self.work()
        if await self._desk.count("intake", _DELIVERIES) < len(self._numbered):
            return False  # a chase may come after all complaints have
        known = await self._desk.count("reply", "SELECT count(*) FROM complaint")
        waiting = await self._desk.count("reply", _WAITING)
        return known >= len(self.complaints) and waiting == 0 and await self._is_calm()

    async def _is_calm(self) -> bool:
        """Nothing waits to be told, and nothing more was heard for some looks in a row."""
        heard = [
            await self._desk.count(service, f"SELECT count(*) FROM {table}")
            for table, service in product(("outbox", "inbox"), SERVICES)
        ]
        self._calm = self._calm + 1 if heard == self._heard and not any(heard[:3]) else 0
        self._heard = heard
        return self._calm >= _CALM_LOOKS


@pytest.mark.kafka
@pytest.mark.timeout(600)
async def test_services_killed_in_the_middle_lose_nothing_and_double_nothing(
    tmp_path: Path, postgres: str, apache_kafka: LocalBroker
) -> None:
    said = _said()
    async with distributed(tmp_path / "home", postgres, apache_kafka.bootstrap) as desk:
        journey = _Journey(desk, said)
        for simulator, kind, on, times in _FAULTS:
            fault = {"simulator": simulator, "kind": kind, "on": on, "times": times}
            (await desk.platforms.post("/_control/faults", json=fault)).raise_for_status()

        for one in said[: _SAID // 3]:
            await feed(desk.platforms, one)

        async def some_are_linked() -> bool:
            return await desk.count("dispatch", "SELECT count(*) FROM work_order") > 3

        await comes_true(some_are_linked, _PATIENCE_SECONDS, [*desk.running.values()])
        await desk.kill("dispatch")
        for one in said[_SAID // 3 : _SAID // 2]:
            await feed(desk.platforms, one)
        await desk.start(["dispatch"])

        async def some_are_answered() -> bool:
            await journey.work()
            return len(_replied(desk)) > 5

        await comes_true(some_are_answered, _PATIENCE_SECONDS, [*desk.running.values()])
        await desk.kill(*SERVICES)
        for one in said[_SAID // 2 :]:
            await feed(desk.platforms, one)
        await desk.start()
        await comes_true(journey.all_is_answered, _PATIENCE_SECONDS, [*desk.running.values()])
        books = await read_books(desk.server, desk.journal())
        _is_as_it_was_said(books, said)

        for status, _ in await asyncio.gather(
            *(
                waterdesk("replay", topic, home=desk.home, settings=desk.settings)
                for topic in ALL_TOPICS
            )
        ):
            assert status == 0
        again = await read_books(desk.server, desk.journal())
        assert again.rows == books.rows
        assert again.given() == books.given()
        await _verify_holds(desk)


async def _verify_holds(desk: Distributed) -> None:
    status, out = await waterdesk("verify", "--json", home=desk.home, settings=desk.settings)
    assert (status, json.loads(out)["findings"]) == (0, [])


def _is_as_it_was_said(books: Books, said: list[Said]) -> None:
    taken = Counter((row["platform"], row["external_id"]) for row in books.taken)
    assert set(taken.values()) == {1}
    assert {(one.platform.value, one.number) for one in said if one.is_complaint} <= taken.keys()
    assert Counter(
        (row["platform"], row["delivery_id"])
        for row in books.deliveries
        if row["platform"] != SpokenTo.BOARD
    ) == Counter(
        (one.platform.value, one.key) for one in said if one.platform is not SpokenTo.BOARD
    )
    assert books.replies_in("delivered") <= books.given()
    assert books.given() <= books.replies_in("delivered", "sending")


def _replied(desk: Distributed) -> list[str]:
    kinds = ("replied", "returned", "answered", "customer_message")
    return [entry["kind"] for entry in desk.journal() if entry["kind"] in kinds]
