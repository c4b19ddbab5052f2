"""What somebody wants to see of the board and of its lists."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Annotated, Any

from fastapi import Query
from sqlalchemy import Select, false, select

from services.dispatch.console.queries.tables import complaint, work_order
from services.dispatch.rules.fault_matching import UNDECIDED

Choice = Annotated[str, Query(max_length=60)]
COUNTED = 1000
"""Counts stop here, and lists that are shown as a whole: beyond it the number no longer matters."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Empty: everything of the county. The names are those in the address of a page."""

    town: Choice = ""
    category: Choice = ""
    platform: Choice = ""
    state: Choice = ""
    """A work order's state, or `none` for complaints without a work order."""

    @property
    def chosen(self) -> Mapping[str, str]:
        return {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name)}


def only_complaints(query: Select[Any], filters: Filters) -> Select[Any]:
    """`query` is of complaints, and joins work orders where their state is filtered by."""
    if filters.town:
        query = query.where(complaint.c.town == filters.town)
    if filters.category:
        query = query.where(complaint.c.category == filters.category)
    if filters.platform:
        query = query.where(complaint.c.platform == filters.platform)
    if filters.state == "none":
        query = query.where(complaint.c.work_order_id.is_(None))
    elif filters.state:
        query = query.where(work_order.c.state == filters.state)
    return query


def only_work_orders(query: Select[Any], filters: Filters) -> Select[Any]:
    """`query` is of work orders. One is of each platform that one of its complaints is of."""
    if filters.town:
        query = query.where(work_order.c.town == filters.town)
    if filters.category:
        query = query.where(work_order.c.category == filters.category)
    if filters.platform:
        of_platform = select(1).where(
            complaint.c.work_order_id == work_order.c.id, complaint.c.platform == filters.platform
        )
        query = query.where(of_platform.exists())
    if filters.state == "none":
        query = query.where(false())
    elif filters.state:
        query = query.where(work_order.c.state == filters.state)
    return query


def undecided(query: Select[Any], county: str, filters: Filters) -> Select[Any]:
    """`query` is of complaints: those that wait for a person, none of which has a work order."""
    if filters.state not in ("", "none"):
        query = query.where(false())
    query = query.where(complaint.c.county == county, complaint.c.state.in_(UNDECIDED))
    return only_complaints(query, replace(filters, state=""))
