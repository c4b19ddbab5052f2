"""Parked events over HTTP, alike in every service: list them, release them, drop them.

`app.state.consumer` is the service's (see shared.service.Service); intake has none.
"""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from shared.auth.permissions import Permission
from shared.auth.requires import requires
from shared.auth.tokens import Person
from shared.bus.consumer import Consumer
from shared.bus.parked_queries import ParkedKey, list_parked, mark_seen
from shared.db import DatabaseHere
from shared.openapi import problems
from shared.problems import Problem, Text
from shared.routes import Route

PATH = "/bus/parked"
_KEYS_AT_ONCE = 100
_NOTHING_PARKED = Text("此编号下没有搁置的消息。", "Nothing is parked under this key.")

router = APIRouter(prefix=PATH, tags=["parked events"], route_class=Route)

_Admin = Annotated[Person, requires(Permission.PARKED_DECIDE)]
_Key = Annotated[str, Field(min_length=1, max_length=500)]


class ParkedPage(BaseModel):
    service: str
    keys: Sequence[ParkedKey]
    next: str | None
    """For `after`, where there may be more."""


class KeyBody(BaseModel):
    model_config = ConfigDict(extra="forbid")
    key: _Key


class CauseBody(BaseModel):
    model_config = ConfigDict(extra="forbid")
    cause: Annotated[str, Field(min_length=1, max_length=500)]
    """All keys whose cause begins so."""
    after: Annotated[str, Field(max_length=500)] = ""


class KeysBody(BaseModel):
    model_config = ConfigDict(extra="forbid")
    keys: Annotated[list[_Key], Field(max_length=1000)]


class Released(BaseModel):
    released: int
    """Events that were handled."""
    still_parked: list[str]
    """Keys whose first event failed again."""
    next: str | None = None
    """By cause: for `after`, where there may be more; at most 100 keys are tried at once."""


class _Parked:
    """The parked events that one person sees: those of their county, and those that name none."""

    def __init__(self, request: Request, person: _Admin, database: DatabaseHere) -> None:
        self.service: str = request.app.title
        self.person = person
        self.database = database
        consumer = getattr(request.app.state, "consumer", None)
        self._consumer: Consumer | None = consumer
        """None: this service consumes nothing, so nothing is ever parked."""

    async def find(
        self,
        *,
        key: str | None = None,
        cause: str | None = None,
        after: str = "",
        limit: int = _KEYS_AT_ONCE,
    ) -> Sequence[ParkedKey]:
        if self._consumer is None:
            return []
        async with self.database.reading() as session:
            return await list_parked(
                session,
                self._consumer.name,
                county=self.person.county,
                key=key,
                cause=cause,
                after=after,
                limit=limit,
            )

    async def consumer_of(self, key: str) -> Consumer:
        if self._consumer is None or not await self.find(key=key):
            raise Problem(404, "nothing_parked", _NOTHING_PARKED)
        return self._consumer

    async def release(self, keys: Sequence[str]) -> Released:
        result = Released(released=0, still_parked=[])
        for key in keys:
            result.released += await (await self.consumer_of(key)).release(key)
            result.still_parked += [one.key for one in await self.find(key=key)]
        return result

    async def note_seen(self, keys: Sequence[str]) -> None:
        if self._consumer is None:
            return
        async with self.database.work() as (session, _):
            now = self.database.clock.now()
            county = self.person.county
            await mark_seen(
                session, self._consumer.name, keys, self.person.name, now, county=county
            )


_Here = Annotated[_Parked, Depends()]


@router.get("")
async def get_parked(
    here: _Here,
    key: Annotated[str | None, Query(max_length=500)] = None,
    cause: Annotated[str | None, Query(max_length=500)] = None,
    after: Annotated[str, Query(max_length=500)] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = _KEYS_AT_ONCE,
) -> ParkedPage:
    """One row per key, in order of key. `cause`: only those whose cause begins so."""
    found = await here.find(key=key, cause=cause, after=after, limit=limit)
    return ParkedPage(
        service=here.service,
        keys=found,
        next=found[-1].key if len(found) == limit else None,
    )


@router.post("/release", responses=problems(404))
async def release(here: _Here, body: KeyBody) -> Released:
    """Try a key's events again, in order, until one fails again."""
    return await here.release([body.key])


@router.post("/release-by-cause", responses=problems(404))
async def release_by_cause(here: _Here, body: CauseBody) -> Released:
    """The same for every key whose first event was parked for this cause."""
    found = await here.find(cause=body.cause, after=body.after)
    result = await here.release([one.key for one in found])
    result.next = found[-1].key if len(found) == _KEYS_AT_ONCE else None
    return result


@router.post("/drop", responses=problems(404))
async def drop(here: _Here, body: KeyBody) -> Released:
    """Give up a key's first event for ever, and go on with the rest."""
    released = await (await here.consumer_of(body.key)).drop(body.key)
    left = await here.find(key=body.key)
    return Released(released=released, still_parked=[one.key for one in left])


@router.post("/seen", status_code=204)
async def seen(here: _Here, body: KeysBody) -> None:
    """A person has read these: `waterdesk verify` warns of them no more."""
    await here.note_seen(body.keys)
