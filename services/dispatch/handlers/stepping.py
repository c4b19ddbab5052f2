"""A person takes a step with one work order: may they, and is it still as they saw it?"""

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from services.dispatch.rules import assignment, merging
from services.dispatch.rules.work_order import (
    Actor,
    Refusal,
    State,
    Step,
    is_done_already,
    refusal,
)
from shared.auth.permissions import Permission
from shared.auth.tokens import Person
from shared.sql import any_of

from .finishing import Outcome
from .locks import Row, crews, hold_crews, hold_schemes, hold_work_orders, work_orders

_SCHEME_OF = select(work_orders.c.id, work_orders.c.scheme_id).where(
    work_orders.c.id == any_of("order_ids"), work_orders.c.county == bindparam("its_county")
)


class UnknownWorkOrder(LookupError):
    """No such work order in this person's county."""


class UnknownCrew(LookupError):
    """No such crew in this person's county."""


class StepRefused(Exception):
    """The rules stand against it; `why` is for the person who asked."""

    def __init__(self, why: Refusal | assignment.Refusal | merging.Refusal) -> None:
        super().__init__(why)
        self.why = why


class StaleVersion(Exception):
    """Somebody else changed the order since this person looked at it."""


def actor_of(person: Person, order: Row) -> Actor:
    if person.may(Permission.WORK_ORDER_ASSIGN):
        return Actor.OFFICE
    its_crew = person.crew_id is not None and person.crew_id == order["crew_id"]
    return Actor.ITS_CREW if its_crew else Actor.ANOTHER_CREW


async def hold_one(
    session: AsyncSession, order_id: str, person: Person, *others: str, with_crews: bool = True
) -> Row:
    """The work order as it is now, held with its scheme until the commit, and with the crews of its
    county where one may be freed or sent; `others` are orders to hold with it. Raises
    UnknownWorkOrder."""
    found = await session.execute(
        _SCHEME_OF, {"order_ids": [order_id, *others], "its_county": person.county}
    )
    scheme_of = dict(found.tuples().all())
    if not {order_id, *others} <= scheme_of.keys():
        raise UnknownWorkOrder
    await hold_schemes(session, set(scheme_of.values()))
    if with_crews:
        await hold_crews(session, [person.county])
    return (await hold_work_orders(session, scheme_of))[order_id]


def must_change(order: Row, deed: Step, person: Person, version: int | None) -> bool:
    """False for a second click, which changes nothing. `version`: the one the person saw; None:
    whichever it is. Raises StepRefused, StaleVersion."""
    state, maker = State(order["state"]), actor_of(person, order)
    if is_done_already(state, deed) and maker is not Actor.ANOTHER_CREW:
        return False
    merged = order["outcome"] == Outcome.MERGED
    why = refusal(state, deed, maker, merged=merged)
    if why is Refusal.NOT_YOUR_CREWS or why is Refusal.ONLY_THE_OFFICE:
        raise StepRefused(why)
    if version is not None and version != order["version"]:
        raise StaleVersion
    if why is not None:
        raise StepRefused(why)
    return True


async def change(session: AsyncSession, order: Row, **changes: Any) -> None:
    """Write the changes into the row and the table, as the order's next version."""
    changes["version"] = order["version"] + 1
    order.update(changes)
    await session.execute(
        update(work_orders).where(work_orders.c.id == order["id"]).values(changes)
    )


async def crew_is_idle(session: AsyncSession, crew_id: str | None, now: datetime) -> None:
    """It has finished one."""
    if crew_id is not None:
        await session.execute(update(crews).where(crews.c.id == crew_id).values(idle_since=now))
