"""Requests for more time (延期) at the 12345 hotline, and its decisions.

Real hotlines take the request as a form of a reply (request kind: extension) and answer by another
`timeLimit` on the ticket; the paths, `status` and the 2 of `hasModLimit` are ours.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

GRANTED, DENIED = "1", "2"
"""`hasModLimit` of the ticket after a decision; "0" before any."""
_STATUS: Final[Mapping[bool, str]] = {True: "granted", False: "denied"}


@dataclass(frozen=True, slots=True)
class Asked:
    number: str
    """Of the ticket."""
    request_id: str
    until: str
    at: datetime


class ExtensionRequests:
    """What was asked, in order, and what was decided. Its owner records both in the journal."""

    def __init__(self) -> None:
        self._asked: dict[str, list[Asked]] = {}
        self._decisions: dict[str, Mapping[str, Any]] = {}

    def note_asked(self, data: Mapping[str, Any], at: datetime) -> None:
        body = data["body"]
        asked = Asked(data["issueNumber"], body["requestId"], body["timeLimit"], at)
        self._asked.setdefault(asked.number, []).append(asked)

    def note_decided(self, data: Mapping[str, Any]) -> None:
        self._decisions[data["requestId"]] = data

    def pending(self, number: str) -> Asked | None:
        """The oldest that is not decided."""
        return next((each for each in self._asked.get(number, ()) if self._waits(each)), None)

    def waiting_since(self, latest: datetime) -> list[Asked]:
        """Everything undecided that was asked by `latest`."""
        found = [each for asked in self._asked.values() for each in asked]
        return [each for each in found if each.at <= latest and self._waits(each)]

    def listed(self, number: str, text_of: Callable[[datetime], str]) -> list[dict[str, str]]:
        """As the wire shows them."""
        return [
            {
                "requestId": each.request_id,
                "requestKind": "extension",
                "status": "pending",
                "timeLimit": each.until,
                "askedTime": text_of(each.at),
                **self._decided(each),
            }
            for each in self._asked.get(number, ())
        ]

    def _waits(self, asked: Asked) -> bool:
        return asked.request_id not in self._decisions

    def _decided(self, asked: Asked) -> dict[str, str]:
        decision = self._decisions.get(asked.request_id)
        if decision is None:
            return {}
        return {"status": _STATUS[decision["granted"]], "timeLimit": decision["timeLimit"]}
