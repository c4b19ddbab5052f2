"""Parked events over HTTP: who sees which, and what release and drop answer."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from shared.auth.permissions import Role
from shared.auth.tokens import Person, issue_token
from shared.bus.parked_api import PATH
from shared.bus.tables import parked
from shared.web import service_app
from tests.conftest import NOW
from tests.integration.bus import ledger
from tests.integration.bus.conftest import World
from tests.integration.bus.messages import received

SECRET = "a secret of the tests, long enough"
HERE, ELSEWHERE = "610122", "610100"


class Caller:
    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def __call__(
        self,
        method: str,
        path: str = "",
        body: dict[str, Any] | None = None,
        *,
        role: Role = Role.ADMIN,
        params: Mapping[str, str | int] | None = None,
    ) -> httpx.Response:
        token = issue_token(Person("wang", role, HERE), SECRET, NOW, audience="service")
        return await self._client.request(
            method,
            PATH + path,
            json=body,
            params=params,
            headers={"Authorization": f"Bearer {token}"},
        )

    async def keys(self, **params: str | int) -> list[str]:
        answer = await self("GET", params=params)
        assert answer.status_code == 200
        return [one["key"] for one in answer.json()["keys"]]


@pytest.fixture
async def call(world: World) -> AsyncIterator[Caller]:
    app = service_app("ledger", world.keeper, SECRET)
    app.state.consumer = world.consumer
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://ledger") as client:
        yield Caller(client)


async def park(world: World, account: str, *numbers: int, county: str | None = HERE) -> None:
    """The first of `numbers` is negative: the ledger cannot handle it."""
    of_county = f', "county": "{county}"' if county else ""
    await world.consumer.handle(
        [
            received(
                account,
                number,
                sequence=sequence,
                value=f'{{"account": "{account}", "number": {number}{of_county}}}'.encode(),
            )
            for sequence, number in enumerate(numbers)
        ]
    )


async def test_one_row_a_key_says_what_holds_it_back(world: World, call: Caller) -> None:
    await park(world, "a", -1, 2, 3)
    answer = await call("GET")
    assert answer.json() == {
        "service": "ledger",
        "keys": [
            {
                "key": "a",
                "topic": ledger.TOPIC,
                "event_type": "test.deposited.v1",
                "cause": "CannotWork",
                "waits_for": None,
                "attempts": 1,
                "events": 3,
                "parked_at": "2026-10-12T01:30:00Z",
                "seen_at": None,
            }
        ],
        "next": None,
    }


async def test_an_admin_sees_their_county_and_what_names_none(world: World, call: Caller) -> None:
    await park(world, "mine", -1)
    await park(world, "theirs", -1, county=ELSEWHERE)
    await park(world, "nobodys", -1, county=None)
    assert await call.keys() == ["mine", "nobodys"]
    for act in ("/release", "/drop"):
        answer = await call("POST", act, {"key": "theirs"})
        assert answer.status_code == 404
        assert answer.json()["type"] == "urn:waterdesk:problem:nothing_parked"


async def test_pages_and_filters(world: World, call: Caller) -> None:
    for account in "abc":
        await park(world, account, -1)
    await world.consumer.handle([received("d", 1, value=b"{")])
    first = (await call("GET", params={"limit": 2})).json()
    assert [one["key"] for one in first["keys"]] == ["a", "b"]
    assert await call.keys(after=first["next"], limit=2) == ["c", "d"]
    assert await call.keys(cause="Cannot") == ["a", "b", "c"]
    assert await call.keys(cause="Unreadable") == ["d"]
    assert await call.keys(key="b") == ["b"]


async def test_release_says_how_many_worked_and_what_stays(world: World, call: Caller) -> None:
    await park(world, "a", -1, 2)
    answer = await call("POST", "/release", {"key": "a"})
    assert answer.json() == {"released": 0, "still_parked": ["a"], "next": None}
    assert (await call("GET")).json()["keys"][0]["attempts"] == 2


async def test_dropping_gives_up_the_first_and_goes_on_with_the_rest(
    world: World, call: Caller
) -> None:
    await park(world, "a", -1, 2, 3)
    answer = await call("POST", "/drop", {"key": "a"})
    assert answer.json() == {"released": 2, "still_parked": [], "next": None}
    assert await ledger.booked(world.keeper) == {"a": [2, 3]}


async def test_all_keys_of_one_cause_are_released_together(world: World, call: Caller) -> None:
    await park(world, "a", -1)
    await park(world, "b", -1)
    await world.consumer.handle([received("c", 1, value=b"{")])
    answer = await call("POST", "/release-by-cause", {"cause": "CannotWork"})
    assert answer.json() == {"released": 0, "still_parked": ["a", "b"], "next": None}
    attempts = {one["key"]: one["attempts"] for one in (await call("GET")).json()["keys"]}
    assert attempts == {"a": 2, "b": 2, "c": 1}


async def test_what_an_admin_has_seen_is_noted(world: World, call: Caller) -> None:
    await park(world, "mine", -1)
    await park(world, "theirs", -1, county=ELSEWHERE)
    answer = await call("POST", "/seen", {"keys": ["mine", "theirs"]})
    assert answer.status_code == 204
    async with world.keeper.reading() as session:
        seen = await session.execute(
            select(parked.c.key, parked.c.seen_by).where(parked.c.seen_at.is_not(None))
        )
        assert dict(seen.tuples().all()) == {"mine": "wang"}


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("POST", "/release"), ("POST", "/release-by-cause"), ("POST", "/drop")],
)
async def test_it_is_for_admins(call: Caller, method: str, path: str) -> None:
    answer = await call(method, path, {"key": "a"}, role=Role.SUPERVISOR)
    assert answer.status_code == 403


async def test_a_service_that_consumes_nothing_has_nothing_parked(
    world: World, call: Caller
) -> None:
    app = service_app("intake", world.sender, SECRET)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://intake") as client:
        intake = Caller(client)
        assert (await intake("GET")).json() == {"service": "intake", "keys": [], "next": None}
        assert (await intake("POST", "/drop", {"key": "a"})).status_code == 404
