"""A believable year of a rural county's complaints, and a stream that goes on from there.

The shape follows what centres tell of their year: frost bursts in winter, wells that run low in the
summer drought, muddy water after the autumn storms, a few ageing schemes that fail again and again,
one village that loses its water all at once. The same seed gives the same year.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from random import Random

from shared.clock import SHANGHAI

from .causes import FAULTS, RAINS, SUMMER, WINTER, Cause
from .drafts import (
    Draft,
    Numbering,
    Village,
    burst,
    chased,
    complaint,
    complaints_of_fault,
    edited,
    said_elsewhere,
)
from .other_matters import MATTERS, NOT_OURS
from .said import Said, SpokenTo

YEAR = timedelta(days=365)
_AGEING = ("pump_failed", "old_pipe_leak", "main_burst", "rust_and_scale")
"""What fails again and again where a scheme is old."""
_SPELLS: Mapping[tuple[int, ...], tuple[int, int]] = {
    WINTER: (4, 5),
    SUMMER: (2, 18),
    RAINS: (6, 2),
}
"""How many spells of weather a season has, and how many days each lasts."""


@dataclass(frozen=True, slots=True)
class _Scheme:
    villages: tuple[Village, ...]
    fragility: float
    """How often it fails, against the others."""


def county_year(
    seed: int, year_end: datetime, total: int = 401, *, villages: Sequence[Village]
) -> list[Said]:
    """What a county says in the year before `year_end`, in the order of time.

    `total` counts complaints: what is said again on another platform included, chases and edits
    not. `villages` are (code, village, town); their truth stands in each Said.
    Raises ValueError for fewer than 20 complaints or no villages.
    """
    if total < 20 or not villages:
        raise ValueError("a year needs at least 20 complaints and one village")
    random = Random(seed)
    start = year_end - YEAR
    schemes = _schemes(random, villages)
    days = _days_of_causes(random, start)
    faults = (f"fault-{number:04d}" for number in count(1))

    drafts = _burst_of_the_year(random, start, villages, next(faults), total)
    doubles, elsewhere, matters = round(total * 0.05), round(total * 0.07), round(total * 0.14)
    drafts += [_single(random, days, villages, NOT_OURS) for _ in range(elsewhere)]
    drafts += [_single(random, days, villages, MATTERS) for _ in range(matters)]
    wanted = total - doubles - len(drafts)
    broken = _failures_of_ageing_schemes(random, start, schemes, faults, wanted // 3)
    while len(broken) < wanted:
        cause = _pick(random, FAULTS)
        broken += complaints_of_fault(
            random,
            _moment(random, days[cause.name]),
            _pick_scheme(random, schemes).villages,
            cause,
            next(faults),
            at_most=wanted - len(broken),
            mean_delay=timedelta(hours=9),
        )
    drafts += broken
    for draft in drafts:
        draft.at = min(_awake(random, draft.at), year_end - timedelta(hours=1))
    drafts += _said_again(random, drafts, doubles, year_end)
    drafts += [draft for draft in _followed_up(random, drafts) if draft.at < year_end]
    return _numbered(drafts, Numbering(1, first_thread=21_400_000, first_message=24_100_000_000))


def live_stream(
    seed: int, rate: float, start: datetime, *, villages: Sequence[Village]
) -> Iterator[Said]:
    """What is said from `start` on, without end: about `rate` complaints a minute.

    Faults come as in the season of `start`; once in a while a whole village speaks at once. Numbers
    differ from those of the year and of a stream with another start. Raises ValueError for a rate
    that is not positive or no villages.
    """
    if rate <= 0 or not villages:
        raise ValueError("a stream needs a positive rate and one village")
    random = Random(seed)
    schemes = _schemes(random, villages)
    month = start.astimezone(SHANGHAI).month
    causes = [cause for cause in (*FAULTS, *MATTERS, *NOT_OURS) if month in cause.months]
    seconds = int(start.timestamp())
    numbering = Numbering(
        first_order=100_000 + seconds % 86_400 * 1000,
        first_thread=seconds * 1000,
        first_message=seconds * 1_000_000,
    )
    step = timedelta(minutes=1 / rate)
    order = count()
    waiting: list[tuple[datetime, int, Draft]] = []
    now = start
    for number in count(1):
        fault = f"live-{number:05d}"
        if number % 60 == 12:
            said = burst(random, now, random.choice(villages), fault, 24, 24 * step)
        else:
            cause = _pick(random, causes)
            said = complaints_of_fault(
                random,
                now,
                _pick_scheme(random, schemes).villages,
                cause,
                fault,
                at_most=9 if cause.component else 1,
                mean_delay=6 * step,
                repeated=random.random() < 0.2,
            )
        said += [
            chased(random, draft, draft.at + (30 + 60 * random.random()) * step)
            for draft in said
            if draft.platform is not SpokenTo.BOARD and random.random() < 0.06
        ]
        for draft in said:
            heappush(waiting, (draft.at, next(order), draft))
        now += random.expovariate(1 / len(said)) * step
        while waiting and waiting[0][0] <= now:
            _, _, draft = heappop(waiting)
            yield numbering.said(draft)


def _schemes(random: Random, villages: Sequence[Village]) -> list[_Scheme]:
    """One to five neighbouring villages of a town hang on one scheme; some fail far more often."""
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


def _days_of_causes(random: Random, start: datetime) -> Mapping[str, Sequence[datetime]]:
    """On which days each cause may strike: its months, and within them its spells of weather."""
    days = [start + timedelta(days=day) for day in range(YEAR.days)]

    def within(months: tuple[int, ...]) -> list[datetime]:
        return [day for day in days if day.astimezone(SHANGHAI).month in months]

    spells: dict[tuple[int, ...], list[datetime]] = {}
    for months, (how_many, lasting) in _SPELLS.items():
        season = within(months)
        starts = [random.randrange(max(len(season) - lasting, 1)) for _ in range(how_many)]
        spells[months] = [day for first in starts for day in season[first : first + lasting]]
    return {
        cause.name: spells[cause.months] if cause.spell else within(cause.months)
        for cause in (*FAULTS, *MATTERS, *NOT_OURS)
    }


def _burst_of_the_year(
    random: Random, start: datetime, villages: Sequence[Village], fault: str, total: int
) -> list[Draft]:
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
) -> list[Draft]:
    """A few schemes whose same part fails over and over, each time a little sooner."""
    drafts: list[Draft] = []
    causes = [cause for cause in FAULTS if cause.name in _AGEING]
    for scheme in random.sample(schemes, min(6, len(schemes))):
        cause = random.choice(causes)
        times = random.randint(4, 7)
        for failure in range(times):
            room = at_most - len(drafts)
            if room <= 0:
                return drafts
            share = ((failure + random.random()) / times) ** 0.6
            drafts += complaints_of_fault(
                random,
                start + share * (YEAR - timedelta(days=5)),
                scheme.villages[:1],
                cause,
                next(faults),
                at_most=min(room, 4),
                mean_delay=timedelta(hours=9),
                repeated=failure >= 2,
            )
    return drafts


def _single(
    random: Random,
    days: Mapping[str, Sequence[datetime]],
    villages: Sequence[Village],
    causes: Sequence[Cause],
) -> Draft:
    cause = _pick(random, causes)
    at = _moment(random, days[cause.name])
    return complaint(random, at, random.choice(villages), cause, None)


def _said_again(
    random: Random, drafts: Sequence[Draft], how_many: int, year_end: datetime
) -> list[Draft]:
    """Some say the same a second time, on another platform."""
    early = [draft for draft in drafts if draft.at < year_end - timedelta(days=2)]
    return [
        said_elsewhere(random, first, first.at + timedelta(hours=random.uniform(0.3, 30)))
        for first in random.sample(early, how_many)
    ]


def _followed_up(random: Random, drafts: Sequence[Draft]) -> Iterator[Draft]:
    """Chases and edits as the platforms know them: no edits on WeChat, no chases on the board."""
    for draft in drafts:
        if draft.platform is not SpokenTo.BOARD and random.random() < 0.1:
            at = draft.at
            for _ in range(random.choice((1, 1, 1, 2))):
                at += timedelta(hours=random.uniform(12, 60))
                yield chased(random, draft, at)
        elif draft.platform is not SpokenTo.WECHAT and random.random() < 0.05:
            yield edited(random, draft, draft.at + timedelta(hours=random.uniform(0.5, 8)))


def _numbered(drafts: Sequence[Draft], numbering: Numbering) -> list[Said]:
    return [numbering.said(draft) for draft in sorted(drafts, key=lambda draft: draft.at)]


def _pick(random: Random, causes: Sequence[Cause]) -> Cause:
    return random.choices(causes, [cause.weight for cause in causes])[0]


def _pick_scheme(random: Random, schemes: Sequence[_Scheme]) -> _Scheme:
    return random.choices(schemes, [scheme.fragility for scheme in schemes])[0]


def _moment(random: Random, days: Sequence[datetime]) -> datetime:
    return random.choice(days) + timedelta(hours=random.uniform(0, 24))


def _awake(random: Random, at: datetime) -> datetime:
    """Nobody calls in the dead of night: it waits for the morning."""
    local = at.astimezone(SHANGHAI)
    if 6 <= local.hour < 22:
        return at
    wait = timedelta(hours=(30 - local.hour) % 24 + random.uniform(0, 3))
    return at + wait
