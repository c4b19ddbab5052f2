"""What follows from a resident's "not solved"."""

from datetime import UTC, datetime, timedelta

import pytest

from services.dispatch.rules.rework import (
    FaultFacts,
    OtherRework,
    ReworkOutcome,
    WhyPerson,
    decide,
)

SAID = datetime(2026, 11, 20, 2, tzinfo=UTC)
DAY = timedelta(days=1)
UNDER_WAY = OtherRework("w2", under_way=True)
REPAIRED_SINCE = OtherRework("w2", under_way=False, repaired_at=SAID + DAY)
REPAIRED_BEFORE = OtherRework("w2", under_way=False, repaired_at=SAID - DAY)


@pytest.mark.parametrize(
    ("facts", "source", "outcome", "why"),
    [
        (FaultFacts(has_work_order=True), "wechat", "opened", None),
        (FaultFacts(has_work_order=True), "hotline_12345", "opened", None),
        (FaultFacts(has_work_order=True), "message_board", "for_person", "grade_alone"),
        (FaultFacts(has_work_order=False), "wechat", "for_person", "no_work_order"),
        (FaultFacts(has_work_order=True, under_way=True), "wechat", "under_way", None),
        (
            FaultFacts(has_work_order=True, under_way=True, reworks=5),
            "message_board",
            "under_way",
            None,
        ),
        (FaultFacts(has_work_order=True, reworks=1), "wechat", "for_person", "not_solved_again"),
        (FaultFacts(has_work_order=True, reworks=1, other=UNDER_WAY), "wechat", "joined", None),
        (
            FaultFacts(has_work_order=True, reworks=1, other=REPAIRED_SINCE),
            "wechat",
            "joined",
            None,
        ),
        (
            FaultFacts(has_work_order=True, reworks=1, other=REPAIRED_BEFORE),
            "wechat",
            "for_person",
            "not_solved_again",
        ),
        (FaultFacts(has_work_order=True, other=UNDER_WAY), "message_board", "joined", None),
    ],
)
def test_who_decides(facts: FaultFacts, source: str, outcome: str, why: str | None) -> None:
    decision = decide(facts, SAID, source, allowed=1)

    assert decision.outcome == ReworkOutcome(outcome)
    assert decision.why == (WhyPerson(why) if why else None)


@pytest.mark.parametrize("allowed", [0, 1, 2])
def test_the_rules_open_rework_as_often_as_is_allowed(allowed: int) -> None:
    opened = [
        reworks
        for reworks in range(4)
        if decide(FaultFacts(has_work_order=True, reworks=reworks), SAID, "wechat", allowed).outcome
        is ReworkOutcome.OPENED
    ]

    assert opened == list(range(allowed))
