"""The figures a county hands up: three rates, what was late, and what is still open.

`DEFINITIONS` says beside each figure what it counts. A stage that is not done and not yet due says
nothing about the office: it counts as pending, in no rate. 12345 centres are compared by the three
rates (响应率、解决率、满意率).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class StageResult(StrEnum):
    IN_TIME = "in_time"
    LATE = "late"
    """Done, after it was due."""
    MISSED = "missed"
    """Due, and not done."""
    PENDING = "pending"
    """Neither done nor due."""


NOT_IN_TIME = frozenset({StageResult.LATE, StageResult.MISSED})


@dataclass(frozen=True, slots=True)
class StageFact:
    """One stage of one round of a complaint: what is done again counts again."""

    stage: str
    due_at: datetime
    met_at: datetime | None
    missed: bool
    late: bool
    provisional: bool
    cause: str = ""
    """Why it was missed, as a person said; empty: nobody did."""
    round: int = 1
    was_paused: bool = False

    @property
    def result(self) -> StageResult:
        if self.met_at is not None:
            return StageResult.LATE if self.late else StageResult.IN_TIME
        return StageResult.MISSED if self.missed else StageResult.PENDING


@dataclass(frozen=True, slots=True)
class ComplaintFact:
    """One complaint, as far as figures depend on it. `month` is Shanghai's, "2026-11"."""

    complaint_id: str
    external_id: str
    platform: str
    town: str
    category: str
    crew: str
    month: str
    is_ours: bool
    chases: int
    stages: tuple[StageFact, ...]
    official_class: str = ""
    """Its category's code and name in the standard the report is made by; empty: none."""
    satisfied: bool | None = None
    """What the resident said of the newest answer that they were asked about; None: nothing."""
    reworks: int = 0
    """How often it was repaired again because they said that it was not solved."""

    @property
    def is_late(self) -> bool:
        return any(each.result in NOT_IN_TIME for each in self.stages)

    @property
    def is_provisional(self) -> bool:
        return any(each.provisional for each in self.stages)

    @property
    def was_paused(self) -> bool:
        return any(each.was_paused for each in self.stages)

    def became(self, stage: str, results: Set[StageResult]) -> bool:
        return any(each.stage == stage and each.result in results for each in self.stages)


@dataclass(frozen=True, slots=True)
class StageFigures:
    in_time: int
    late: int
    missed: int
    pending: int

    @property
    def decided(self) -> int:
        return self.in_time + self.late + self.missed

    @property
    def done_rate(self) -> float | None:
        return rate(self.in_time + self.late, self.decided)

    @property
    def in_time_rate(self) -> float | None:
        return rate(self.in_time, self.decided)


@dataclass(frozen=True, slots=True)
class Figures:
    complaints: int
    not_ours: int
    chased: int
    late: int
    provisional: int
    stages: Mapping[str, StageFigures]
    evaluated: int = 0
    satisfied: int = 0
    reworked: int = 0
    paused: int = 0

    @property
    def satisfaction_rate(self) -> float | None:
        return rate(self.satisfied, self.evaluated)

    @property
    def response_rate(self) -> float | None:
        return self._of("first_contact").done_rate

    @property
    def resolve_rate(self) -> float | None:
        return self._of("resolve").done_rate

    @property
    def reply_in_time_rate(self) -> float | None:
        return self._of("reply").in_time_rate

    def base(self, figure: str) -> int | None:
        """How many a rate is a share of; None: the figure is a count."""
        match figure:
            case "response_rate":
                return self._of("first_contact").decided
            case "resolve_rate":
                return self._of("resolve").decided
            case "reply_in_time_rate":
                return self._of("reply").decided
            case "satisfaction_rate":
                return self.evaluated
        return None

    def _of(self, stage: str) -> StageFigures:
        return self.stages.get(stage, StageFigures(0, 0, 0, 0))


DEFINITIONS: Mapping[str, tuple[str, str]] = {
    "complaints": (
        "期间内收到的属于供水职责的诉求件数",
        "Complaints received in the period that are about our water supply",
    ),
    "not_ours": ("非供水职责、退回或转办的件数", "Received, but another body's matter"),
    "chased": ("被催办过的件数", "Complaints that were chased at least once"),
    "late": (
        "有任一环节逾期（逾期后办理或仍未办理）的件数",
        "Complaints with a stage done late, or due and not done",
    ),
    "provisional": (
        "时限跨未公布节假日年度、可能调整的件数",
        "Complaints whose limits cross a year with unpublished holidays, and may move",
    ),
    "paused": (
        "时限曾暂停计时的件数；暂停的时间不计入时限",
        "Complaints whose clock has stood still; that time is not counted",
    ),
    "response_rate": (
        "响应率＝已首次联系（含逾期）÷首次联系已到期或已联系",
        "Residents contacted (late ones too) / first contacts made or due",
    ),
    "resolve_rate": (
        "解决率＝已办结（含逾期）÷办结已到期或已办结",
        "Complaints resolved (late ones too) / resolved or due",
    ),
    "reply_in_time_rate": (
        "按时回复率＝时限内回复÷回复已到期或已回复",
        "Replies within their limit / replied or due",
    ),
    "satisfaction_rate": (
        "满意率＝回访（评价）满意÷有结果；以最近一次答复的结果为准，无结果时为空",
        "Satisfied / asked and answered, by the newest answer; empty where nobody answered",
    ),
    "evaluated": (
        "回访或平台评价有结果的件数",
        "Complaints whose residents said whether it was solved",
    ),
    "reworked": (
        "居民反映未解决而重办的件数",
        "Complaints repaired again because their residents said that it was not solved",
    ),
}
"""Each figure's definition, Chinese and English."""


def rate(part: int, whole: int) -> float | None:
    """None of nothing; else rounded to four places."""
    return round(part / whole, 4) if whole else None


def count(facts: Iterable[ComplaintFact]) -> Figures:
    """What is not ours counts as such, and nowhere else."""
    all_facts = list(facts)
    ours = [each for each in all_facts if each.is_ours]
    results: dict[str, Counter[StageResult]] = {}
    for fact in ours:
        for stage in fact.stages:
            results.setdefault(stage.stage, Counter())[stage.result] += 1
    return Figures(
        complaints=len(ours),
        not_ours=len(all_facts) - len(ours),
        chased=sum(each.chases > 0 for each in ours),
        late=sum(each.is_late for each in ours),
        provisional=sum(each.is_provisional for each in ours),
        stages={
            stage: StageFigures(*(counted[result] for result in StageResult))
            for stage, counted in results.items()
        },
        paused=sum(each.was_paused for each in ours),
        evaluated=sum(each.satisfied is not None for each in ours),
        satisfied=sum(each.satisfied is True for each in ours),
        reworked=sum(each.reworks > 0 for each in ours),
    )


def count_by(
    facts: Iterable[ComplaintFact], key: Callable[[ComplaintFact], str]
) -> Sequence[tuple[str, Figures]]:
    """The same for each value of `key`, in the order of the values."""
    groups: dict[str, list[ComplaintFact]] = {}
    for fact in facts:
        groups.setdefault(key(fact), []).append(fact)
    return [(value, count(groups[value])) for value in sorted(groups)]
