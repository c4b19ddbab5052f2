"""Lists that other services keep, asked in the name of the person at the browser."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from services.dispatch.console.disclosure_search import wanted_disclosures
from services.dispatch.console.exports.listing import Asked, Column, Listing
from services.dispatch.console.language import Words, both
from services.dispatch.console.service_clients import client_of, intake_of
from shared.auth.permissions import Permission
from shared.bus.parked_api import PATH, ParkedPage
from shared.bus.parked_queries import ParkedKey
from shared.problems import Problem

_AT_ONCE = 200
_KEYS_AT_ONCE = 100
_SERVICES = ("intake", "dispatch", "reply")
_Line = Mapping[str, Any]


async def _disclosures(asked: Asked) -> AsyncIterator[Sequence[_Line]]:
    assert asked.request is not None
    wanted = wanted_disclosures(asked.chosen)
    while True:
        found = await intake_of(asked.request).search(
            asked.request, "/disclosures/search", {**wanted, "limit": _AT_ONCE}
        )
        yield _known(found, "intake")["disclosures"]
        if not found["next"]:
            return
        wanted["before"] = found["next"]


def _known(answer: Any, service: str) -> Any:
    """A file with half of a list is worse than none. Raises Problem 503."""
    if answer is None:
        raise Problem(503, f"{service}_unavailable", both(f"unavailable.{service}"))
    return answer


def _whose(line: _Line, words: Words) -> str:
    unreadable = str(line["disclosed_id"]).startswith("r")
    return f"{words('waiting.unreadable')} " * unreadable + str(line["disclosed_id"])


DISCLOSURES: Listing[_Line] = Listing(
    "disclosures",
    "nav.disclosures",
    frozenset({Permission.DISCLOSURE_SEE}),
    (
        Column("disclosure.at", lambda line, _: datetime.fromisoformat(line["disclosed_at"])),
        Column("disclosure.viewer", lambda line, _: line["disclosed_to"]),
        Column("staff.role", lambda line, words: words.code("role", line["role"])),
        Column("disclosure.whose", _whose),
    ),
    _disclosures,
)


async def _parked(asked: Asked) -> AsyncIterator[Sequence[tuple[str, ParkedKey]]]:
    assert asked.request is not None
    wanted = asked.chosen.get("service", "")
    for service in (wanted,) if wanted in _SERVICES else _SERVICES:
        after: str | None = ""
        while after is not None:
            answer = await client_of(asked.request, service).read(
                asked.request,
                PATH,
                cause=asked.chosen.get("cause", ""),
                after=after,
                limit=_KEYS_AT_ONCE,
            )
            found = ParkedPage.model_validate(_known(answer, service))
            yield [(service, key) for key in found.keys]
            after = found.next


PARKED: Listing[tuple[str, ParkedKey]] = Listing(
    "parked",
    "nav.parked",
    frozenset({Permission.PARKED_DECIDE}),
    (
        Column("parked.service", lambda line, words: words.code("service", line[0])),
        Column("parked.key", lambda line, _: line[1].key),
        Column("parked.event", lambda line, _: line[1].event_type.removeprefix("cn.waterdesk.")),
        Column("parked.cause", lambda line, _: line[1].cause),
        Column("export.waits_for", lambda line, _: line[1].waits_for),
        Column("export.attempts", lambda line, _: line[1].attempts),
        Column("parked.events", lambda line, _: line[1].events),
        Column("parked.since", lambda line, _: line[1].parked_at),
    ),
    _parked,
)
