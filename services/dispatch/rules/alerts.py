"""Who is told of a deadline, who may take it on, and when messages about it may be sent.

Reply says up to which level people are told (shared.vocabulary.Level); here it is decided who that
is. A level that has nobody is passed on to the next one above, and in the end to the admins: no
alert is lost.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final, NamedTuple

from shared.vocabulary import Level

from .assignment import SHANGHAI

LEVELS: Final = tuple(Level)
"""From the nearest to the highest."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who may be told."""

    name: str
    levels: frozenset[Level]
    is_admin: bool
    crew_id: str | None
    on_duty: bool
    """Their crew is on shift now, or they have no crew."""


class Told(NamedTuple):
    """Who is told, and whom that reaches."""

    at_level: tuple[str, ...]
    """At the level, or at the first above that has somebody; these are told again."""
    below: tuple[str, ...]
    """Those of lower levels: told if they were not yet."""
    reached: str
    """The Level of `at_level`; `admin` where no level has anybody; `nobody`."""


def told_up_to(level: Level, staff: Sequence[Recipient], crew_id: str | None) -> Told:
    """`crew_id`: the crew whose leader is meant; None: nobody leads it yet."""
    below = LEVELS[: LEVELS.index(level)]
    told_below = tuple(name for each in below for name in _at(each, staff, crew_id))
    for each in LEVELS[LEVELS.index(level) :]:
        if names := _at(each, staff, crew_id):
            return Told(names, told_below, each.value)
    admins = tuple(person.name for person in staff if person.is_admin)
    return Told(admins, told_below, "admin" if admins else "nobody")


def _at(level: Level, staff: Iterable[Recipient], crew_id: str | None) -> tuple[str, ...]:
    """Those of a level who are on duty; all of them where nobody is."""
    of_level = [
        person
        for person in staff
        if level in person.levels
        and (level is not Level.CREW_LEADER or (crew_id is not None and person.crew_id == crew_id))
    ]
    on_duty = [person for person in of_level if person.on_duty]
    return tuple(person.name for person in on_duty or of_level)


def is_told(step_is_miss: bool, acknowledged: bool, despite_acknowledgement: bool) -> bool:
    """Somebody who has taken it on is left alone until the limit; a miss always goes on up."""
    return step_is_miss or despite_acknowledgement or not acknowledged


def may_take(level: Level, levels: Collection[Level], *, is_admin: bool, is_for_them: bool) -> bool:
    """Whoever it is for, whoever stands at its level or above, and admins."""
    rank = LEVELS.index(level)
    return is_for_them or is_admin or any(LEVELS.index(each) >= rank for each in levels)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """When people are not to be woken; in Shanghai, usually over midnight. None where both are
    the same."""

    start: time
    end: time

    def cover(self, at: time) -> bool:
        if self.start <= self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end


QUIET_AT_NIGHT: Final = QuietHours(time(22), time(7))
"""Unverified: no source gives one."""


def sent_from(now: datetime, quiet: QuietHours, *, urgent: bool) -> datetime:
    """When a message may be sent: now, or when quiet hours end. Urgent ones do not wait."""
    local = now.astimezone(SHANGHAI)
    if urgent or not quiet.cover(local.time()):
        return now
    day = local.date() + timedelta(days=local.time() >= quiet.end)
    return datetime.combine(day, quiet.end, SHANGHAI).astimezone(now.tzinfo)
