"""Which drafts a rule releases: none without a rule, and never one that a check marks."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reply.rules.drafting import Answering, DraftFacts
from services.reply.rules.release import (
    ANY,
    Candidate,
    ReleaseRule,
    is_by_rule,
    rule_that_releases,
)
from services.reply.rules.reply_checks import Check, Finding

RULE = ReleaseRule("小停水", "hotline_12345", Answering.SOLVED, "outage", 3)
FACTS = DraftFacts(
    Answering.SOLVED,
    "outage",
    crew="东片维修队",
    found="接头脱开",
    done="更换接头",
    repaired_at=datetime(2026, 11, 23, tzinfo=UTC),
)
CALM = Candidate(
    "hotline_12345", FACTS, complaints=3, findings=(), urgent=False, chased=False, supervised=False
)
INTERIM = replace(FACTS, answering=Answering.INTERIM, found="", done="", repaired_at=None)
WARNING = Finding(Check.BLAME, "村民自己")


@pytest.mark.parametrize(
    ("changes", "rule", "released"),
    [
        pytest.param({}, {}, True, id="all conditions hold"),
        pytest.param({}, {"category": ANY}, True, id="any category"),
        pytest.param({"complaints": 4}, {}, False, id="too many complain"),
        pytest.param({"complaints": 0}, {}, False, id="no work order"),
        pytest.param({"platform": "wechat"}, {}, False, id="another platform"),
        pytest.param({}, {"category": "pipe_leak"}, False, id="another category"),
        pytest.param({}, {"answering": Answering.INTERIM}, False, id="another kind"),
        pytest.param({"findings": (WARNING,)}, {}, False, id="a check finds something"),
        pytest.param({"facts": replace(FACTS, done="")}, {}, False, id="the crew left it empty"),
        pytest.param({"urgent": True}, {}, False, id="urgent"),
        pytest.param({"chased": True}, {}, False, id="chased"),
        pytest.param({"supervised": True}, {}, False, id="supervised"),
        pytest.param(
            {"facts": INTERIM}, {"answering": Answering.INTERIM}, True, id="an interim reply"
        ),
        pytest.param(
            {"facts": replace(FACTS, answering=Answering.RETURN)},
            {"answering": Answering.RETURN},
            False,
            id="a return never",
        ),
    ],
)
def test_a_rule_releases_what_all_its_conditions_hold_for(
    changes: dict[str, Any], rule: dict[str, Any], released: bool
) -> None:
    found = rule_that_releases([replace(RULE, **rule)], replace(CALM, **changes))
    assert (found is not None) is released


rules = st.builds(
    ReleaseRule,
    name=st.sampled_from("ab"),
    platform=st.sampled_from(["hotline_12345", "wechat"]),
    answering=st.sampled_from(Answering),
    category=st.sampled_from([ANY, "outage", "billing"]),
    most_complaints=st.integers(1, 9),
)
candidates = st.builds(
    Candidate,
    platform=st.sampled_from(["hotline_12345", "wechat"]),
    facts=st.sampled_from([FACTS, INTERIM]),
    complaints=st.integers(0, 9),
    findings=st.lists(st.builds(Finding, st.sampled_from(Check)), max_size=1).map(tuple),
    urgent=st.booleans(),
    chased=st.booleans(),
    supervised=st.booleans(),
)


@given(candidates)
def test_without_a_rule_nothing_goes_out_by_itself(candidate: Candidate) -> None:
    assert rule_that_releases([], candidate) is None


@given(st.lists(rules, max_size=5), candidates)
def test_what_a_check_marks_or_somebody_presses_for_never_goes_by_rule(
    known: list[ReleaseRule], candidate: Candidate
) -> None:
    found = rule_that_releases(known, candidate)
    marked = candidate.findings or candidate.urgent or candidate.chased or candidate.supervised
    assert found is None or not marked
    assert found is None or is_by_rule(found.approver)
