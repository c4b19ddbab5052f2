"""Which drafts go out by themselves: none, unless a rule that a person has switched on says so.

A rule names one platform, one kind and a category. It never releases a draft in which a check finds
anything, nor one whose complaint is urgent, or was chased or supervised, nor one that leaves out
what the crew should have filled in.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from .drafting import Answering, DraftFacts
from .reply_checks import Finding

ANY: Final = "any"
RELEASABLE: Final = frozenset({Answering.SOLVED, Answering.INTERIM})
"""Whether it is true, or who is responsible, is for a person to say in the others."""
BY_RULE: Final = "rule "
"""No sign-in name begins with it: a name has no space."""


@dataclass(frozen=True, slots=True)
class ReleaseRule:
    name: str
    platform: str
    answering: Answering
    category: str
    """A category's code, or ANY."""
    most_complaints: int
    """On the work order."""

    @property
    def approver(self) -> str:
        """What stands in approved_by."""
        return f"{BY_RULE}{self.name}"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A draft of ours that nobody has touched."""

    platform: str
    facts: DraftFacts
    complaints: int
    """On the work order; 0: there is none."""
    findings: tuple[Finding, ...]
    urgent: bool
    chased: bool
    supervised: bool


_Condition = Callable[[Candidate, ReleaseRule], bool]


def it_is_what_the_rule_is_about(candidate: Candidate, rule: ReleaseRule) -> bool:
    return (
        rule.answering in RELEASABLE
        and candidate.platform == rule.platform
        and candidate.facts.answering is rule.answering
        and rule.category in (ANY, candidate.facts.category)
    )


def few_enough_complain(candidate: Candidate, rule: ReleaseRule) -> bool:
    return 0 < candidate.complaints <= rule.most_complaints


def no_check_finds_anything(candidate: Candidate, _: ReleaseRule) -> bool:
    return not candidate.findings


def the_crew_has_filled_in_its_part(candidate: Candidate, _: ReleaseRule) -> bool:
    facts = candidate.facts
    if facts.answering is Answering.INTERIM:
        return bool(facts.crew)
    return all((facts.crew, facts.found, facts.done, facts.repaired_at))


def nobody_presses(candidate: Candidate, _: ReleaseRule) -> bool:
    return not (candidate.urgent or candidate.chased or candidate.supervised)


CONDITIONS: Final[tuple[_Condition, ...]] = (
    it_is_what_the_rule_is_about,
    few_enough_complain,
    no_check_finds_anything,
    the_crew_has_filled_in_its_part,
    nobody_presses,
)


def rule_that_releases(rules: Iterable[ReleaseRule], candidate: Candidate) -> ReleaseRule | None:
    """The first of these rules all of whose conditions hold."""
    for rule in rules:
        if all(holds(candidate, rule) for holds in CONDITIONS):
            return rule
    return None


def is_by_rule(approved_by: str | None) -> bool:
    return approved_by is not None and approved_by.startswith(BY_RULE)
