"""A realistic year of a rural county's complaints, and an endless stream for the live demo.

Frost bursts pipes in winter, wells run low in the summer drought, storms make water muddy, a few
ageing schemes fail repeatedly, and once a whole village loses its water. The same seed gives the
same year.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from random import Random

from shared.clock import SHANGHAI

from .fault_scenarios import FAULT_SCENARIOS, RAINS, SUMMER, WINTER, Scenario
from .other_scenarios import ALL_SCENARIOS, NOT_OURS_SCENARIOS, SERVICE_SCENARIOS
from .planned_submissions import (
    Numbering,
    PlannedSubmission,
    Village,
    burst,
    chase_of_complaint,
    complaint,
    complaints_of_fault,
    edit_of_complaint,
    resubmission,
)
from .submissions import Platform, Submission

YEAR = timedelta(days=365)
_AGEING_SCENARIOS = ("pump_failed", "old_pipe_leak", "main_burst", "rust_and_scale")
"""Scenarios that recur at an old scheme."""
_WEATHER_PERIODS: Mapping[tuple[int, ...], tuple[int, int]] = {
    WINTER: (4, 5),
    SUMMER: (2, 18),
    RAINS: (6, 2),
}
"""By season: the number of weather periods, and the days each lasts."""


@dataclass(frozen=True, slots=True)
class _Scheme:
    villages: tuple[Village, ...]
    fragility: float
    """Relative failure rate."""


def county_year(
    seed: int, year_end: datetime, total: int = 401, *, villages: Sequence[Village]
) -> list[Submission]:
    """A county's submissions in the year before `year_end`, in time order.

    `total` counts complaints, including resubmissions on another platform, without chases and
    edits. Each Submission carries its ground truth.
    Raises ValueError for fewer than 20 complaints or no villages.
    """
    if total < 20 or not villages:
        raise ValueError("a year needs at least 20 complaints and one village")
    random = Random(seed)
    start = year_end - YEAR
    schemes = _schemes(random, villages)
    days = _days_of_scenarios(random, start)
    faults = (f"fault-{number:04d}" for number in count(1))

    planned = _burst_of_the_year(random, start, villages, next(faults), total)
    duplicates, elsewhere, matters = round(total * 0.05), round(total * 0.07), round(total * 0.14)
    planned += [_single(random, days, villages, NOT_OURS_SCENARIOS) for _ in range(elsewhere)]
    planned += [_single(random, days, villages, SERVICE_SCENARIOS) for _ in range(matters)]
    wanted = total - duplicates - len(planned)
    failures = _failures_of_ageing_schemes(random, start, schemes, faults, wanted // 3)
    while len(failures) < wanted:
        scenario = _pick(random, FAULT_SCENARIOS)
        failures += complaints_of_fault(
            random,
            _moment(random, days[scenario.name]),
            _pick_scheme(random, schemes).villages,
            scenario,
            next(faults),
            at_most=wanted - len(failures),
            mean_delay=timedelta(hours=9),
        )
    planned += failures
    for one in planned:
        one.at = min(_in_waking_hours(random, one.at), year_end - timedelta(hours=1))
    planned += _resubmitted(random, planned, duplicates, year_end)
    planned += [one for one in _followed_up(random, planned) if one.at < year_end]
    return _numbered(planned, Numbering(1, first_thread=21_400_000, first_message=24_100_000_000))


def live_stream(
    seed: int, rate: float, start: datetime, *, villages: Sequence[Village]
) -> Iterator[Submission]:
    """Submissions from `start` on, without end: about `rate` complaints a minute.

    Scenarios follow the season of `start`; now and then a whole village complains at once. Numbers
    differ from those of the year and of a stream with another start. Raises ValueError for a rate
    that is not positive or no villages.
    """
    if rate <= 0 or not villages:
        raise ValueError("a stream needs a positive rate and one village")
    random = Random(seed)
    schemes = _schemes(random, villages)
    month = start.astimezone(SHANGHAI).month
    scenarios = [scenario for scenario in ALL_SCENARIOS if month in scenario.months]
    seconds = int(start.timestamp())
    numbering = Numbering(
        first_ticket=100_000 + seconds % 86_400 * 1000,
        first_thread=seconds * 1000,
        first_message=seconds * 1_000_000,
    )
    step = timedelta(minutes=1 / rate)
    order = count()
    waiting: list[tuple[datetime, int, PlannedSubmission]] = []
    now = start
    for number in count(1):
        fault = f"live-{number:05d}"
        if number % 60 == 12:
            new = burst(random, now, random.choice(villages), fault, 24, 24 * step)
        else:
            scenario = _pick(random, scenarios)
            new = complaints_of_fault(
                random,
                now,
                _pick_scheme(random, schemes).villages,
                scenario,
                fault,
                at_most=9 if scenario.component else 1,
                mean_delay=6 * step,
                repeated=random.random() < 0.2,
            )
        new += [
            chase_of_complaint(random, one, one.at + (30 + 60 * random.random()) * step)
            for one in new
            if one.platform is not Platform.BOARD and random.random() < 0.06
        ]
        for one in new:
            heappush(waiting, (one.at, next(order), one))
        now += random.expovariate(1 / len(new)) * step
        while waiting and waiting[0][0] <= now:
            _, _, one = heappop(waiting)
            yield numbering.number(one)


def _schemes(random: Random, villages: Sequence[Village]) -> list[_Scheme]:
    """A scheme supplies one to five neighbouring villages of a town; failure rates differ."""
    by_town: dict[str, list[Village]] = {}
    for village in villages:
        by_town.setdefault(village[2], []).append(village)
    schemes = []
    for of_town in by_town.values():
        while of_town:
            size = random.randint(1, 5)
            schemes.append(_Scheme(tuple(of_town[:size]), random.gammavariate(0.6, 1.0) + 0.05))
            del of_town[:size]
    return schemes


def _days_of_scenarios(random: Random, start: datetime) -> Mapping[str, Sequence[datetime]]:
    """The days on which each scenario may occur: its months, or its weather periods in them."""
    days = [start + timedelta(days=day) for day in range(YEAR.days)]

    def within(months: tuple[int, ...]) -> list[datetime]:
        return [day for day in days if day.astimezone(SHANGHAI).month in months]

    periods: dict[tuple[int, ...], list[datetime]] = {}
    for months, (how_many, lasting) in _WEATHER_PERIODS.items():
        season = within(months)
        starts = [random.randrange(max(len(season) - lasting, 1)) for _ in range(how_many)]
        periods[months] = [day for first in starts for day in season[first : first + lasting]]
    return {
        scenario.name: periods[scenario.months]
        if scenario.depends_on_weather
        else within(scenario.months)
        for scenario in ALL_SCENARIOS
    }


def _burst_of_the_year(
    random: Random, start: datetime, villages: Sequence[Village], fault: str, total: int
) -> list[PlannedSubmission]:
    """Twenty to forty households of one village within two hours of one morning."""
    day = (start + timedelta(days=random.randrange(30, 330))).astimezone(SHANGHAI)
    morning = day.replace(hour=7, minute=random.randrange(60), second=0, microsecond=0)
    households = min(random.randint(22, 38), total // 4)
    village = random.choice(villages)
    at = morning.astimezone(start.tzinfo)
    return burst(random, at, village, fault, households, timedelta(hours=2))


def _failures_of_ageing_schemes(
    random: Random,
    start: datetime,
    schemes: Sequence[_Scheme],
    faults: Iterator[str],
    at_most: int,
) -> list[PlannedSubmission]:
    """A few schemes where one component fails repeatedly, at shrinking intervals."""
    planned: list[PlannedSubmission] = []
    scenarios = [scenario for scenario in FAULT_SCENARIOS if scenario.name in _AGEING_SCENARIOS]
    for scheme in random.sample(schemes, min(6, len(schemes))):
        scenario = random.choice(scenarios)
        times = random.randint(4, 7)
        for failure in range(times):
            room = at_most - len(planned)
            if room <= 0:
                return planned
            share = ((failure + random.random()) / times) ** 0.6
            planned += complaints_of_fault(
                random,
                start + share * (YEAR - timedelta(days=5)),
                scheme.villages[:1],
                scenario,
                next(faults),
                at_most=min(room, 4),
                mean_delay=timedelta(hours=9),
                repeated=failure >= 2,
            )
    return planned


def _single(
    random: Random,
    days: Mapping[str, Sequence[datetime]],
    villages: Sequence[Village],
    scenarios: Sequence[Scenario],
) -> PlannedSubmission:
    scenario = _pick(random, scenarios)
    at = _moment(random, days[scenario.name])
    return complaint(random, at, random.choice(villages), scenario, None)


def _resubmitted(
    random: Random, planned: Sequence[PlannedSubmission], how_many: int, year_end: datetime
) -> list[PlannedSubmission]:
    """Some residents submit the same complaint again on another platform."""
    early = [one for one in planned if one.at < year_end - timedelta(days=2)]
    return [
        resubmission(random, first, first.at + timedelta(hours=random.uniform(0.3, 30)))
        for first in random.sample(early, how_many)
    ]


def _followed_up(
    random: Random, planned: Sequence[PlannedSubmission]
) -> Iterator[PlannedSubmission]:
    """Chases and edits where the platform has them: no edits on WeChat, no chases on the board."""
    for one in planned:
        if one.platform is not Platform.BOARD and random.random() < 0.1:
            at = one.at
            for _ in range(random.choice((1, 1, 1, 2))):
                at += timedelta(hours=random.uniform(12, 60))
                yield chase_of_complaint(random, one, at)
        elif one.platform is not Platform.WECHAT and random.random() < 0.05:
            yield edit_of_complaint(random, one, one.at + timedelta(hours=random.uniform(0.5, 8)))


def _numbered(planned: Sequence[PlannedSubmission], numbering: Numbering) -> list[Submission]:
    return [numbering.number(one) for one in sorted(planned, key=lambda one: one.at)]


def _pick(random: Random, scenarios: Sequence[Scenario]) -> Scenario:
    return random.choices(scenarios, [scenario.weight for scenario in scenarios])[0]


def _pick_scheme(random: Random, schemes: Sequence[_Scheme]) -> _Scheme:
    return random.choices(schemes, [scheme.fragility for scheme in schemes])[0]


def _moment(random: Random, days: Sequence[datetime]) -> datetime:
    return random.choice(days) + timedelta(hours=random.uniform(0, 24))


def _in_waking_hours(random: Random, at: datetime) -> datetime:
    """Moves times at night to the next morning."""
    local = at.astimezone(SHANGHAI)
    if 6 <= local.hour < 22:
        return at
    wait = timedelta(hours=(30 - local.hour) % 24 + random.uniform(0, 3))
    return at + wait
