"""Policies and calendars as one edition: what a county's deadlines are counted by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from shared.yaml_file import read_text

from . import calendar_file, policy_file
from .calendar_file import Calendars, parse_calendars
from .policy_file import parse_policies
from .rules.deadlines import Policy
from .rules.ladder import Climb, Ladder

ANY_COUNTY = "any"


class Kind(StrEnum):
    """The two parts of a rulebook; each has versions of its own."""

    POLICIES = "policies"
    CALENDAR = "calendar"


class VersionName(NamedTuple):
    """A version as others are told of it."""

    kind: Kind
    number: int
    note: str


@dataclass(frozen=True, slots=True)
class Rulebook:
    policies: Sequence[Policy]
    ladders: Mapping[str, Ladder]
    """By id, the one that a policy has which names none first."""
    calendars: Calendars
    edition: str
    """Changes with either text: open complaints counted by another edition are counted again."""
    texts: Mapping[Kind, str]
    newest: VersionName | None = None
    """Of its two versions, the one that was saved last; None: none is kept yet."""

    def climb(self, county: str, ladder: str) -> Climb:
        """A ladder that was removed since is replaced by the first."""
        found = self.ladders.get(ladder) or next(iter(self.ladders.values()))
        return Climb(found, self.calendars.of(county))


def read_rulebook(
    policies: Path = policy_file.SHIPPED, calendars: Path = calendar_file.SHIPPED
) -> Rulebook:
    """Raises FileInvalid, which names line and field."""
    return rulebook_of(
        {Kind.POLICIES: read_text(policies), Kind.CALENDAR: read_text(calendars)},
        names={Kind.POLICIES: policies.name, Kind.CALENDAR: calendars.name},
    )


def rulebook_of(
    texts: Mapping[Kind, str],
    newest: VersionName | None = None,
    *,
    names: Mapping[Kind, str] | None = None,
) -> Rulebook:
    """`names`: what a refusal calls the texts. Raises FileInvalid."""
    names = names or {kind: kind.value for kind in Kind}
    written = "\0".join((texts[Kind.POLICIES], texts[Kind.CALENDAR])).encode()
    policies = _policies(texts[Kind.POLICIES], names[Kind.POLICIES])
    return Rulebook(
        policies=policies.in_force,
        ladders=policies.ladders,
        calendars=_calendars(texts[Kind.CALENDAR], names[Kind.CALENDAR]),
        edition=sha256(written).hexdigest()[:16],
        texts=texts,
        newest=newest,
    )


# Most counties share their texts, and a calendar takes megabytes and a tenth of a second.
_policies = lru_cache(maxsize=16)(parse_policies)
_calendars = lru_cache(maxsize=16)(parse_calendars)


@dataclass(frozen=True, slots=True)
class Editions:
    """What each county is counted by, at one moment."""

    default: Rulebook
    own: Mapping[str, Rulebook]
    """Of counties that have changed theirs."""

    def of(self, county: str) -> Rulebook:
        return self.own.get(county, self.default)
