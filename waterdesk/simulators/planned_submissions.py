"""Planned submissions, before a platform has numbered them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from shared.clock import SHANGHAI

from . import letter_texts
from .fault_scenarios import FAULT_SCENARIOS, Scenario
from .other_scenarios import ALL_SCENARIOS
from .submissions import Platform, Submission

Village = tuple[str, str, str]
"""Code, village, town."""

_SHARE_OF_PLATFORM = {Platform.HOTLINE: 0.66, Platform.BOARD: 0.1, Platform.WECHAT: 0.24}
_SHARE_WITH_TWO_TOPICS = {Platform.HOTLINE: 0.03, Platform.BOARD: 0.25, Platform.WECHAT: 0.0}
_LIMITS = ("5个工作日", "5个工作日", "5个工作日", "3个工作日", "7个工作日", "")


@dataclass(slots=True)
class PlannedSubmission:
    at: datetime
    platform: Platform
    scenario: Scenario
    who: letter_texts.Household
    village_code: str
    fault: str | None
    title: str
    text: str
    time_limit: str = ""
    urgent: bool = False
    second: Scenario | None = None
    repeated: bool = False
    chase_of: "PlannedSubmission | None" = None
    edit_of: "PlannedSubmission | None" = None
    duplicate_of: "PlannedSubmission | None" = None
    number: str = ""
    """Given when it is submitted."""
    follow_ups: int = 0
    """How many chases and edits have used its number so far."""


def complaint(
    random: Random,
    at: datetime,
    village: Village,
    scenario: Scenario,
    fault: str | None,
    *,
    repeated: bool = False,
    platform: Platform | None = None,
    who: letter_texts.Household | None = None,
) -> PlannedSubmission:
    """One household complains of one scenario. Household and platform are random unless given."""
    code, name, town = village
    who = who or letter_texts.household(random, town, name)
    if platform is None:
        (platform,) = random.choices(tuple(_SHARE_OF_PLATFORM), tuple(_SHARE_OF_PLATFORM.values()))
    second = None
    if random.random() < _SHARE_WITH_TWO_TOPICS[platform]:
        month = at.astimezone(SHANGHAI).month
        second = random.choice(
            [
                other
                for other in ALL_SCENARIOS
                if other.category != scenario.category and month in other.months
            ]
        )
    urgent = scenario.category == "outage" and random.random() < 0.25
    limit = ("24小时" if urgent else random.choice(_LIMITS)) if platform is Platform.HOTLINE else ""
    return PlannedSubmission(
        at=at,
        platform=platform,
        scenario=scenario,
        who=who,
        village_code=code,
        fault=fault,
        title=letter_texts.title(random, platform, scenario, who),
        text=letter_texts.complaint(
            random, platform, scenario, who, repeated=repeated, second=second
        ),
        time_limit=limit,
        urgent=urgent and platform is Platform.HOTLINE,
        second=second,
        repeated=repeated,
    )


def complaints_of_fault(
    random: Random,
    start: datetime,
    villages: Sequence[Village],
    scenario: Scenario,
    fault: str,
    *,
    at_most: int,
    mean_delay: timedelta,
    repeated: bool = False,
) -> list[PlannedSubmission]:
    """The households that complain of one fault, over the hours or days it lasts.

    Most live in one of the villages that the scheme supplies.
    """
    households = min(
        1 + round(random.expovariate(1 / max(scenario.mean_households - 1, 0.1))), 9, at_most
    )
    home = random.choice(villages)
    planned = []
    at = start
    for _ in range(households):
        at += random.expovariate(1.0) * mean_delay
        village = home if random.random() < 0.75 else random.choice(villages)
        says_so = repeated and random.random() < 0.7
        planned.append(complaint(random, at, village, scenario, fault, repeated=says_so))
    return planned


def burst(
    random: Random,
    start: datetime,
    village: Village,
    fault: str,
    households: int,
    within: timedelta,
) -> list[PlannedSubmission]:
    """A main has burst: many households of one village complain at once, on every platform."""
    scenario = FAULT_SCENARIOS[0]
    return [
        complaint(
            random,
            start + random.random() * within,
            village,
            scenario,
            fault,
            platform=tuple(Platform)[index] if index < len(Platform) else None,
        )
        for index in range(households)
    ]


def resubmission(random: Random, first: PlannedSubmission, at: datetime) -> PlannedSubmission:
    """The same person submits the same complaint on another platform."""
    others = [platform for platform in Platform if platform is not first.platform]
    village = (first.village_code, first.who.village, first.who.town)
    again = complaint(
        random,
        at,
        village,
        first.scenario,
        first.fault,
        platform=random.choice(others),
        who=first.who,
        repeated=first.repeated,
    )
    again.duplicate_of = first
    return again


def chase_of_complaint(random: Random, first: PlannedSubmission, at: datetime) -> PlannedSubmission:
    """The same person asks again, on the same platform."""
    text = letter_texts.chase(random, first.platform, first.scenario, first.who)
    return replace(_following(first, at, text), chase_of=first)


def edit_of_complaint(random: Random, first: PlannedSubmission, at: datetime) -> PlannedSubmission:
    """The same person changes the text of the complaint."""
    text = first.text + letter_texts.addition(random, first.who)
    return replace(_following(first, at, text), edit_of=first)


def _following(first: PlannedSubmission, at: datetime, text: str) -> PlannedSubmission:
    return replace(first, at=at, text=text, number="", follow_ups=0, duplicate_of=None)


class Numbering:
    """Turns planned submissions into submissions, in time order, numbered as each platform does."""

    def __init__(self, first_ticket: int, first_thread: int, first_message: int) -> None:
        self._next_ticket = first_ticket
        self._next_thread = first_thread
        self._next_message = first_message

    def number(self, planned: PlannedSubmission) -> Submission:
        """Number one submission. The one it refers to must have been numbered before."""
        first = planned.chase_of or planned.edit_of
        if first is None or planned.platform is Platform.WECHAT:
            planned.number = self._number(planned)
            key = planned.number
        else:
            first.follow_ups += 1
            planned.number = first.number
            key = f"{first.number}-{first.follow_ups}"
        return Submission(
            key=key,
            at=planned.at.replace(microsecond=0),
            platform=planned.platform,
            number=planned.number,
            title=planned.title,
            text=planned.text,
            name=_name(planned),
            phone=planned.who.phone if planned.platform is Platform.HOTLINE else None,
            address=f"{planned.who.place}{planned.who.house}号"
            if planned.platform is Platform.HOTLINE
            else None,
            openid=planned.who.openid if planned.platform is Platform.WECHAT else None,
            time_limit=planned.time_limit,
            urgent=planned.urgent,
            chase_of=planned.chase_of.number if planned.chase_of else None,
            edit_of=planned.edit_of.number if planned.edit_of else None,
            duplicate_of=planned.duplicate_of.number if planned.duplicate_of else None,
            village_code=planned.village_code,
            category=planned.scenario.category,
            second_category=planned.second.category if planned.second else None,
            component=planned.scenario.component,
            fault=planned.fault,
            says_repeated=planned.repeated,
        )

    def _number(self, planned: PlannedSubmission) -> str:
        match planned.platform:
            case Platform.HOTLINE:
                self._next_ticket += 1
                day = planned.at.astimezone(SHANGHAI)
                return f"LT{day:%Y%m%d}{self._next_ticket - 1:06d}"
            case Platform.BOARD:
                self._next_thread += 1
                return str(self._next_thread - 1)
            case Platform.WECHAT:
                self._next_message += 1
                return str(self._next_message - 1)


def _name(planned: PlannedSubmission) -> str | None:
    match planned.platform:
        case Platform.HOTLINE:
            return planned.who.name
        case Platform.BOARD:
            return planned.who.nickname
        case Platform.WECHAT:
            return None
