"""The deadline policies from their YAML file (policies/deadline_policies.yaml)."""

import re
from collections.abc import Mapping
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Annotated, NamedTuple, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from shared.vocabulary import Level
from shared.yaml_file import Unusable, parse_yaml, read_text

from .rules.deadlines import (
    ANY,
    PAUSABLE,
    REWORK_STAGES,
    Occasion,
    PauseRules,
    Policy,
    Shortening,
    Stage,
)
from .rules.ladder import MISSED, Ladder, Step
from .rules.time_limits import Duration, always_ends_later, read_limit

SHIPPED = Path(__file__).parent / "policies" / "deadline_policies.yaml"


class Policies(NamedTuple):
    in_force: tuple[Policy, ...]
    """Those that are or were; one that is named but not in force yet is checked and left out."""
    ladders: Mapping[str, Ladder]
    """By id, in the order of the file."""


def load_policies(path: Path = SHIPPED) -> tuple[Policy, ...]:
    """Those of a file. Raises FileInvalid, which names line and field."""
    return parse_policies(read_text(path), path.name).in_force


def parse_policies(text: str, name: str = SHIPPED.name) -> Policies:
    """Raises FileInvalid, which names line and field."""
    written = parse_yaml(text, _PolicyFile, name)
    ladders = {one.id: one.as_ladder() for one in written.ladders}
    in_force = (policy for one in written.policies for policy in one.as_policies(ladders))
    return Policies(tuple(in_force), ladders)


def _read_duration(written: object) -> Duration:
    duration = read_limit(str(written))
    if not isinstance(duration, Duration):
        raise Unusable(
            f"“{written}”不是一段时间，应写作“5个工作日”或“24小时”",
            f'"{written}" is not a length of time such as "5 working days" or "24小时"',
        )
    return duration


def _read_share(written: object) -> int:
    if written == "missed":
        return MISSED
    share = re.fullmatch(r"([1-9]\d?)\s*%", str(written))
    if share is None:
        raise Unusable(
            f"“{written}”须是所用时限的百分比，如 75%，或 missed（超期）",
            f'"{written}" is neither a share of the time such as 75% nor "missed"',
        )
    return int(share[1])


def _one_or_more(written: object) -> object:
    return written if isinstance(written, list) else (written,)


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class _StageLimit(_Strict):
    within: Annotated[Duration, BeforeValidator(_read_duration)]


class _Step(_Strict):
    at: Annotated[int, BeforeValidator(_read_share)]
    tell: Level
    despite_acknowledgement: bool = False


class _Ladder(_Strict):
    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=60)]
    name: str
    source: str
    unverified: bool
    by_the_clock: bool = False
    steps: Annotated[tuple[_Step, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def rises_to_the_miss(self) -> Self:
        shares = [step.at for step in self.steps]
        if shares != sorted(set(shares)) or shares[-1] != MISSED:
            raise Unusable(
                f"{self.id} 的各级须由低到高，最后一级是 missed（超期）",
                f"the steps of {self.id} must rise, and end with missed",
            )
        return self

    def as_ladder(self) -> Ladder:
        steps = (Step(step.at, step.tell, step.despite_acknowledgement) for step in self.steps)
        return Ladder(self.id, tuple(steps), self.by_the_clock)


class _Pauses(_Strict):
    stages: Annotated[frozenset[Stage], Field(min_length=1)]
    longest: Annotated[Duration, BeforeValidator(_read_duration)]
    printed: bool = False

    @model_validator(mode="after")
    def later_stages_stand_still_as_well(self) -> Self:
        if not self.stages <= PAUSABLE:
            raise Unusable("只有办结和回复可以暂停", "only resolve and reply can be paused")
        if Stage.RESOLVE in self.stages and Stage.REPLY not in self.stages:
            raise Unusable(
                "办结可以暂停，则回复也须可以：否则办结晚于回复到期",
                "where resolve can be paused, reply must be: else resolve is due after it",
            )
        return self


class _InForce(_Strict):
    first: Annotated[date, Field(alias="from")]
    last: Annotated[date | None, Field(alias="to")] = None

    @model_validator(mode="after")
    def in_order(self) -> Self:
        if self.last is not None and self.last < self.first:
            raise Unusable(
                f"截止日 {self.last} 早于起始日 {self.first}",
                f"ends ({self.last}) before it begins ({self.first})",
            )
        return self


class _Policy(_Strict):
    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=60)]
    name: str
    source: str
    """Empty: there is none, and so the policy is unverified."""
    unverified: bool
    in_force: _InForce | None
    county: Annotated[str, Field(pattern=rf"^(\d{{6}}|{ANY})$")] = ANY
    platform: str = ANY
    kinds: Annotated[
        tuple[str, ...], BeforeValidator(_one_or_more), Field(alias="kind", min_length=1)
    ] = (ANY,)
    urgency: str = ANY
    stages: dict[Stage, _StageLimit]
    ladder: str | None = None
    """Who is told when; None: the first one of the file."""
    extensions_allowed: Annotated[int, Field(ge=0, le=20)]
    rework: frozenset[Stage] = REWORK_STAGES
    """What a later round counts."""
    interim_meets_reply: bool = False
    shorten: dict[Occasion, dict[Stage, Annotated[Duration, BeforeValidator(_read_duration)]]] = (
        Field(default_factory=dict)
    )
    pauses: _Pauses | None = None

    @model_validator(mode="after")
    def has_stages(self) -> Self:
        if self.in_force is not None and not self.stages:
            raise Unusable(
                f"{self.id} 已生效，却没有任何环节", f"{self.id} is in force but has no stages"
            )
        return self

    @model_validator(mode="after")
    def stages_are_in_order(self) -> Self:
        # The call-back counts from the answer, when the others are over.
        in_order = [
            (stage, self.stages[stage].within)
            for stage in Stage
            if stage in self.stages and stage is not Stage.CALL_BACK
        ]
        for (stage, within), (later, later_within) in combinations(in_order, 2):
            if always_ends_later(within, later_within):
                raise Unusable(
                    f"{self.id}：{stage.value}（{within}）总比其后的 {later.value}"
                    f"（{later_within}）到期更晚",
                    f"{self.id}: {stage.value} (within {within}) would always be due after"
                    f" {later.value} (within {later_within}), which comes later",
                )
        return self

    @model_validator(mode="after")
    def rework_is_not_accepted_again(self) -> Self:
        if Stage.ACCEPT in self.rework:
            raise Unusable(
                f"{self.id}：重办由发起的人签收，不再计签收时限",
                f"{self.id}: a rework is accepted by whoever starts it",
            )
        return self

    @property
    def scopes(self) -> frozenset[tuple[str, str, str, str]]:
        return frozenset((self.county, self.platform, kind, self.urgency) for kind in self.kinds)

    def as_policies(self, ladders: Mapping[str, Ladder]) -> list[Policy]:
        """One for each kind; none where it is not in force."""
        if (in_force := self.in_force) is None:
            return []
        ladder = ladders[self.ladder or next(iter(ladders))]
        return [self._of_kind(kind, in_force, ladder) for kind in self.kinds]

    def _of_kind(self, kind: str, in_force: _InForce, ladder: Ladder) -> Policy:
        return Policy(
            id=self.id,
            county=self.county,
            platform=self.platform,
            kind=kind,
            urgency=self.urgency,
            in_force_from=in_force.first,
            in_force_to=in_force.last,
            stages=tuple((stage, limit.within) for stage, limit in self.stages.items()),
            ladder=ladder,
            extensions_allowed=self.extensions_allowed,
            unverified=self.unverified or not self.source.strip(),
            rework_stages=self.rework,
            interim_meets_reply=self.interim_meets_reply,
            shortenings=tuple(
                Shortening(occasion, stage, within)
                for occasion, limits in self.shorten.items()
                for stage, within in limits.items()
            ),
            pauses=PauseRules(self.pauses.stages, self.pauses.longest, self.pauses.printed)
            if self.pauses
            else None,
        )


class _PolicyFile(_Strict):
    ladders: Annotated[tuple[_Ladder, ...], Field(min_length=1)]
    policies: Annotated[tuple[_Policy, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def every_ladder_is_there_once(self) -> Self:
        known = [ladder.id for ladder in self.ladders]
        if len(set(known)) < len(known):
            raise Unusable("有两个提醒阶梯的编号相同", "two ladders have one id")
        for policy in self.policies:
            if policy.ladder is not None and policy.ladder not in known:
                raise Unusable(
                    f"{policy.id} 所用的提醒阶梯 {policy.ladder} 不存在",
                    f"{policy.id} names the ladder {policy.ladder}, which is not there",
                )
        return self

    @model_validator(mode="after")
    def every_ticket_has_exactly_one(self) -> Self:
        for one, other in combinations(self.policies, 2):
            if one.id == other.id:
                raise Unusable(
                    f"有两条办法的编号都是 {one.id}", f"two policies are called {one.id}"
                )
            if one.scopes & other.scopes and _overlap(one.in_force, other.in_force):
                raise Unusable(
                    f"{one.id} 与 {other.id} 在同一天适用于同样的工单",
                    f"{one.id} and {other.id} cover the same tickets on the same days",
                )
        if not any(_covers_all(policy) for policy in self.policies):
            raise Unusable(
                "必须有一条办法适用于所有工单：不限县、平台、类别和紧急程度，且没有截止日",
                "one policy must cover every ticket: county, platform, kind and urgency any, in"
                " force without a last day",
            )
        return self


def _overlap(one: _InForce | None, other: _InForce | None) -> bool:
    if one is None or other is None:
        return False
    return one.first <= (other.last or date.max) and other.first <= (one.last or date.max)


def _covers_all(policy: _Policy) -> bool:
    return (
        (ANY,) * 4 in policy.scopes and policy.in_force is not None and policy.in_force.last is None
    )
