"""A list that can be exported: its columns, who may have it, and its rows in batches."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

from fastapi import Request
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.console.language import Words, both
from shared.auth.permissions import Permission
from shared.db import Database
from shared.problems import Problem

Row = TypeVar("Row")
F = TypeVar("F")
Cell = str | int | float | datetime | bool | None
BATCH = 1000
"""Rows in memory at once."""
ALL: Final = 1_000_000
"""For lists that are read as a whole."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be exported. `chosen`: the list's filters, as in the address of its page."""

    database: Database
    county: str
    chosen: Mapping[str, str]
    now: datetime
    request: Request | None = None
    """For lists of other services, which are asked in the name of the person at the browser."""

    def filters(self, kind: type[F]) -> F:
        """The filters of a page, a dataclass. Raises Problem 422."""
        known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
        chosen = {name: value for name, value in self.chosen.items() if name in known}
        try:
            return TypeAdapter(kind).validate_python(chosen)
        except ValidationError:
            raise Problem(422, "invalid_request", both("export.no_such_filter")) from None

    async def paged(
        self, read: Callable[[AsyncSession, Any], Awaitable[Any]]
    ) -> AsyncIterator[Sequence[Any]]:
        """The lines of a list that is read page by page: `read` gets where the last one ended, and
        gives one with `lines` and `following`."""
        after = None
        while True:
            async with self.database.reading() as session:
                found = await read(session, after)
            yield found.lines
            if found.following is None:
                return
            after = found.following

    async def streamed(self, query: Select[Any]) -> AsyncIterator[Sequence[Any]]:
        """The rows of one long query, by a cursor of the database."""
        async with self.database.work() as (session, _):
            found = await session.stream(query.execution_options(yield_per=BATCH))
            async for rows in found.partitions():
                yield rows


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """`key`: its heading's in the catalogue."""

    key: str
    value: Callable[[Row, Words], Cell]


@dataclass(frozen=True, slots=True)
class Listing(Generic[Row]):
    """The rows come in the order of the page, and all of them."""

    name: str
    title: str
    """The key of its page's title."""
    permissions: frozenset[Permission]
    """Whoever has one of these may see the list."""
    columns: Sequence[Column[Row]]
    batches: Callable[[Asked], AsyncIterator[Sequence[Row]]]
    count: Callable[[Asked], Awaitable[int]] | None = None
    """None: it never has more rows than are exported while somebody waits."""


def code(key: str, kind: str, name: str) -> Column[Any]:
    """The word for the code in the row's attribute `name`."""
    return Column(key, lambda row, words: words.code(kind, getattr(row, name)))


def attribute(key: str, name: str) -> Column[Any]:
    """The row's attribute as it is."""
    return Column(key, lambda row, _: getattr(row, name))


def yes_or_empty(key: str, name: str) -> Column[Any]:
    return Column(key, lambda row, words: words("export.yes") if getattr(row, name) else "")


PLACE = (
    attribute("report.town", "town"),
    attribute("export.village", "village"),
    attribute("export.village_group", "village_group"),
)
TICKET = (
    code("filter.platform", "platform", "platform"),
    attribute("export.ticket", "external_id"),
)
CATEGORY = (code("filter.category", "category", "category"), yes_or_empty("word.urgent", "urgent"))
