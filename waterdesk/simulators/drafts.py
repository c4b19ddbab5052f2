"""What will be said, before the platforms have numbered it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from shared.clock import SHANGHAI

from . import voices
from .causes import FAULTS, Cause
from .other_matters import MATTERS, NOT_OURS
from .said import Said, SpokenTo

Village = tuple[str, str, str]
"""Code, village, town."""

_SHARE_OF_PLATFORM = {SpokenTo.HOTLINE: 0.66, SpokenTo.BOARD: 0.1, SpokenTo.WECHAT: 0.24}
_SHARE_WITH_TWO_TOPICS = {SpokenTo.HOTLINE: 0.03, SpokenTo.BOARD: 0.25, SpokenTo.WECHAT: 0.0}
_LIMITS = ("5个工作日", "5个工作日", "5个工作日", "3个工作日", "7个工作日", "")


@dataclass(slots=True)
class Draft:
    at: datetime
    platform: SpokenTo
    cause: Cause
    who: voices.Household
    village_code: str
    fault: str | None
    title: str
    text: str
    time_limit: str = ""
    urgent: bool = False
    second: Cause | None = None
    repeated: bool = False
    chase_of: "Draft | None" = None
    edit_of: "Draft | None" = None
    duplicate_of: "Draft | None" = None
    number: str = ""
    """Given when it is said."""
    told: int = 0
    """How often its number has been used so far."""


def complaint(
    random: Random,
    at: datetime,
    village: Village,
    cause: Cause,
    fault: str | None,
    *,
    repeated: bool = False,
    platform: SpokenTo | None = None,
    who: voices.Household | None = None,
) -> Draft:
    """One household complains of one cause; who and where to is left to chance unless given."""
    code, name, town = village
    who = who or voices.household(random, town, name)
    if platform is None:
        (platform,) = random.choices(tuple(_SHARE_OF_PLATFORM), tuple(_SHARE_OF_PLATFORM.values()))
    second = None
    if random.random() < _SHARE_WITH_TWO_TOPICS[platform]:
        month = at.astimezone(SHANGHAI).month
        second = random.choice(
            [
                other
                for other in (*FAULTS, *MATTERS, *NOT_OURS)
                if other.category != cause.category and month in other.months
            ]
        )
    urgent = cause.category == "outage" and random.random() < 0.25
    limit = ("24小时" if urgent else random.choice(_LIMITS)) if platform is SpokenTo.HOTLINE else ""
    return Draft(
        at=at,
        platform=platform,
        cause=cause,
        who=who,
        village_code=code,
        fault=fault,
        title=voices.title(random, platform, cause, who),
        text=voices.complaint(random, platform, cause, who, repeated=repeated, second=second),
        time_limit=limit,
        urgent=urgent and platform is SpokenTo.HOTLINE,
        second=second,
        repeated=repeated,
    )


def complaints_of_fault(
    random: Random,
    start: datetime,
    places: Sequence[Village],
    cause: Cause,
    fault: str,
    *,
    at_most: int,
    mean_delay: timedelta,
    repeated: bool = False,
) -> list[Draft]:
    """The households that complain of one fault, over the hours or days it lasts.

    Most live in one of the villages that hang on the scheme.
    """
    households = min(1 + round(random.expovariate(1 / max(cause.spreads - 1, 0.1))), 9, at_most)
    home = random.choice(places)
    said = []
    at = start
    for _ in range(households):
        at += random.expovariate(1.0) * mean_delay
        village = home if random.random() < 0.75 else random.choice(places)
        says_so = repeated and random.random() < 0.7
        said.append(complaint(random, at, village, cause, fault, repeated=says_so))
    return said


def burst(
    random: Random,
    start: datetime,
    village: Village,
    fault: str,
    households: int,
    within: timedelta,
) -> list[Draft]:
    """A whole village at once, on every platform: the main has burst."""
    cause = FAULTS[0]
    return [
        complaint(
            random,
            start + random.random() * within,
            village,
            cause,
            fault,
            platform=tuple(SpokenTo)[index] if index < len(SpokenTo) else None,
        )
        for index in range(households)
    ]


def said_elsewhere(random: Random, first: Draft, at: datetime) -> Draft:
    """The same person says the same on another platform."""
    others = [platform for platform in SpokenTo if platform is not first.platform]
    village = (first.village_code, first.who.village, first.who.town)
    again = complaint(
        random,
        at,
        village,
        first.cause,
        first.fault,
        platform=random.choice(others),
        who=first.who,
        repeated=first.repeated,
    )
    again.duplicate_of = first
    return again


def chased(random: Random, first: Draft, at: datetime) -> Draft:
    """The same person asks again, on the same platform."""
    text = voices.chase(random, first.platform, first.cause, first.who)
    return _following(first, at, text, chase_of=first)


def edited(random: Random, first: Draft, at: datetime) -> Draft:
    """The complaint now reads differently."""
    text = first.text + voices.addition(random, first.who)
    return _following(first, at, text, edit_of=first)


def _following(
    first: Draft,
    at: datetime,
    text: str,
    *,
    chase_of: Draft | None = None,
    edit_of: Draft | None = None,
) -> Draft:
    return Draft(
        at=at,
        platform=first.platform,
        cause=first.cause,
        who=first.who,
        village_code=first.village_code,
        fault=first.fault,
        title=first.title,
        text=text,
        time_limit=first.time_limit,
        urgent=first.urgent,
        second=first.second,
        repeated=first.repeated,
        chase_of=chase_of,
        edit_of=edit_of,
    )


class Numbering:
    """Turns drafts into what is said, in the order of time, as each platform numbers it."""

    def __init__(self, first_order: int, first_thread: int, first_message: int) -> None:
        self._next_order = first_order
        self._next_thread = first_thread
        self._next_message = first_message

    def said(self, draft: Draft) -> Said:
        """Number one draft. What it refers to must have been numbered before."""
        first = draft.chase_of or draft.edit_of
        if first is None or draft.platform is SpokenTo.WECHAT:
            draft.number = self._number(draft)
            key = draft.number
        else:
            first.told += 1
            draft.number = first.number
            key = f"{first.number}-{first.told}"
        return Said(
            key=key,
            at=draft.at.replace(microsecond=0),
            platform=draft.platform,
            number=draft.number,
            title=draft.title,
            text=draft.text,
            name=_name(draft),
            phone=draft.who.phone if draft.platform is SpokenTo.HOTLINE else None,
            address=f"{draft.who.place}{draft.who.house}号"
            if draft.platform is SpokenTo.HOTLINE
            else None,
            openid=draft.who.openid if draft.platform is SpokenTo.WECHAT else None,
            time_limit=draft.time_limit,
            urgent=draft.urgent,
            chase_of=draft.chase_of.number if draft.chase_of else None,
            edit_of=draft.edit_of.number if draft.edit_of else None,
            duplicate_of=draft.duplicate_of.number if draft.duplicate_of else None,
            village_code=draft.village_code,
            category=draft.cause.category,
            second_category=draft.second.category if draft.second else None,
            component=draft.cause.component,
            fault=draft.fault,
            says_repeated=draft.repeated,
        )

    def _number(self, draft: Draft) -> str:
        match draft.platform:
            case SpokenTo.HOTLINE:
                self._next_order += 1
                day = draft.at.astimezone(SHANGHAI)
                return f"LT{day:%Y%m%d}{self._next_order - 1:06d}"
            case SpokenTo.BOARD:
                self._next_thread += 1
                return str(self._next_thread - 1)
            case SpokenTo.WECHAT:
                self._next_message += 1
                return str(self._next_message - 1)


def _name(draft: Draft) -> str | None:
    match draft.platform:
        case SpokenTo.HOTLINE:
            return draft.who.name
        case SpokenTo.BOARD:
            return draft.who.nickname
        case SpokenTo.WECHAT:
            return None
