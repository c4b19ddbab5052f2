"""What somebody wants to see of the board."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Select

from services.dispatch.console.queries.tables import complaint, work_order


@dataclass(frozen=True, slots=True)
class Filters:
    """Empty: everything of the county."""

    town: str = ""
    category: str = ""
    platform: str = ""
    state: str = ""
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
