"""What must hold, as tables: each rule alone, on one record."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest

from services.dispatch.models import ComplaintState as AtDispatchState
from services.reply.models import ReplyState
from services.reply.rules.escalation import WAITING, Standing
from waterdesk.audit import rules
from waterdesk.audit.records import (
    AtDispatch,
    AtReply,
    Complaint,
    Deadline,
    DecisionCopy,
    Delivery,
    RawMessage,
    Reply,
)
from waterdesk.audit.run import AuditResult

T = TypeVar("T")
DUE = datetime(2026, 11, 30, 15, 59, 59, tzinfo=UTC)
SECOND = timedelta(seconds=1)
OURS = DecisionCopy(is_ours=True, needs_human=False)
UNSURE = DecisionCopy(is_ours=True, needs_human=True)
NOT_OURS = DecisionCopy(is_ours=False, needs_human=False)

LINKED = Complaint(
    "c1", OURS, AtDispatch(OURS, "linked", "w1"), AtReply(OURS, "open", "w1"), frozenset()
)
ANSWERED = replace(
    LINKED,
    dispatch=AtDispatch(OURS, "linked", "w1", is_repaired=True),
    reply=AtReply(OURS, "answered", "w1", has_reply=True, has_left=True, has_arrived=True),
)
WAITING_COMPLAINT = Complaint(
    "c2", UNSURE, AtDispatch(UNSURE, "waiting_for_person", None), AtReply(UNSURE, "open", None)
)
WITHOUT_SCHEME = Complaint(
    "c3", OURS, AtDispatch(OURS, "no_scheme", None), AtReply(OURS, "open", None)
)
RETURNED = Complaint(
    "c4",
    NOT_OURS,
    AtDispatch(NOT_OURS, "not_ours", None),
    AtReply(NOT_OURS, "open", None, has_reply=True, has_return=True),
)


def broken(complaint: Complaint) -> set[str]:
    result = AuditResult()
    result.check(complaint, rules.OF_COMPLAINTS, complaint.id)
    return set(result.findings)


def at_dispatch(complaint: Complaint, **changes: object) -> Complaint:
    assert complaint.dispatch
    return replace(complaint, dispatch=replace(complaint.dispatch, **changes))  # type: ignore[arg-type]


def at_reply(complaint: Complaint, **changes: object) -> Complaint:
    assert complaint.reply
    return replace(complaint, reply=replace(complaint.reply, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "complaint", [LINKED, ANSWERED, WAITING_COMPLAINT, WITHOUT_SCHEME, RETURNED]
)
def test_a_complaint_in_order_breaks_no_rule(complaint: Complaint) -> None:
    assert broken(complaint) == set()


@pytest.mark.parametrize(
    ("complaint", "rules_broken"),
    [
        (replace(LINKED, dispatch=None), {"unknown_to_dispatch"}),
        (replace(LINKED, reply=None), {"unknown_to_reply"}),
        (
            replace(LINKED, dispatch=None, reply=None),
            {"unknown_to_dispatch", "unknown_to_reply"},
        ),
        (replace(LINKED, intake=None), {"unknown_to_intake"}),
        (replace(LINKED, intake=UNSURE), {"decision_differs"}),
        (at_dispatch(LINKED, decision=UNSURE), {"decision_differs"}),
        (at_reply(LINKED, decision=NOT_OURS), {"decision_differs"}),
        (
            at_reply(at_dispatch(LINKED, work_order_id=None), work_order_id=None),
            {"neither_linked_nor_waiting_nor_returned"},
        ),
        (at_dispatch(LINKED, is_merged=True), {"neither_linked_nor_waiting_nor_returned"}),
        (at_dispatch(LINKED, state="forgotten"), {"neither_linked_nor_waiting_nor_returned"}),
        (at_reply(RETURNED, has_return=False), {"neither_linked_nor_waiting_nor_returned"}),
        (at_reply(RETURNED, has_return=False, has_left=True), set()),
        (at_reply(LINKED, work_order_id="w2"), {"linked_elsewhere_at_reply"}),
        (at_reply(LINKED, work_order_id=None), {"linked_elsewhere_at_reply"}),
        # What a person took off its work order, reply still knows: nobody tells it.
        (at_reply(WAITING_COMPLAINT, work_order_id="w1"), set()),
        (at_dispatch(LINKED, is_repaired=True), {"repaired_without_reply"}),
        (at_reply(LINKED, deadlines=0), {"without_deadlines"}),
        (at_reply(ANSWERED, has_arrived=False), {"answered_without_delivery"}),
        (at_reply(RETURNED, state="returned"), {"answered_without_delivery"}),
    ],
)
def test_each_break_is_found_and_nothing_else(complaint: Complaint, rules_broken: set[str]) -> None:
    assert broken(complaint) == rules_broken


@pytest.mark.parametrize(
    ("service", "complaint"),
    [
        ("dispatch", replace(LINKED, dispatch=None)),
        ("dispatch", at_dispatch(LINKED, decision=UNSURE)),
        ("reply", replace(LINKED, reply=None)),
        ("reply", replace(RETURNED, reply=None)),
        ("reply", at_reply(LINKED, decision=NOT_OURS)),
        ("reply", at_reply(LINKED, work_order_id=None)),
        ("reply", at_reply(RETURNED, has_return=False)),
        ("reply", at_dispatch(LINKED, is_repaired=True)),
    ],
)
def test_what_a_service_does_not_know_because_it_is_parked_there_is_in_a_person_s_hands(
    service: str, complaint: Complaint
) -> None:
    other = "intake"
    assert broken(replace(complaint, parked_at=frozenset({other}))) != set()
    assert broken(replace(complaint, parked_at=frozenset({service}))) == set()


def deadline(standing: str, **changes: object) -> Deadline:
    waits = standing in WAITING
    fact = Deadline("c1/reply", standing, DUE, DUE if waits else None, None, None, None)
    return replace(fact, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("standing", ["open", "warned"])
@pytest.mark.parametrize(
    ("swept_until", "overlooked"),
    [
        (None, False),
        (DUE - 60 * SECOND, False),
        (DUE, False),
        (DUE + 4 * SECOND, False),
        (DUE + 5 * SECOND, True),
        (DUE + timedelta(days=9), True),
    ],
)
def test_a_deadline_is_overlooked_only_where_a_sweep_came_after_it_was_due(
    standing: str, swept_until: datetime | None, overlooked: bool
) -> None:
    fact = deadline(standing, swept_until=swept_until)
    assert rules.overdue_not_recorded(fact) is overlooked
    long_after = DUE + timedelta(days=10)
    assert rules.due_since_last_sweep(fact, long_after) is not overlooked
    assert not rules.due_since_last_sweep(fact, DUE)


@pytest.mark.parametrize("standing", ["met", "missed", "withdrawn"])
def test_what_has_ended_is_never_overdue(standing: str) -> None:
    fact = deadline(standing, swept_until=DUE + timedelta(days=9))
    assert not rules.overdue_not_recorded(fact)
    assert not rules.due_since_last_sweep(fact, DUE + timedelta(days=9))
    assert not rules.deadline_not_watched(fact)


@pytest.mark.parametrize(
    ("fact", "contradicts"),
    [
        (deadline("open"), False),
        (deadline("warned"), False),
        (deadline("open", met_at=DUE), True),
        (deadline("warned", missed_recorded_at=DUE), True),
        (deadline("met", met_at=DUE - SECOND), False),
        (deadline("met", met_at=DUE + timedelta(microseconds=999_999)), False),
        (deadline("met", met_at=DUE + SECOND), True),
        (deadline("met"), True),
        (deadline("met", met_at=DUE, missed_recorded_at=DUE), True),
        (deadline("missed", missed_recorded_at=DUE + SECOND), False),
        (deadline("missed", missed_recorded_at=DUE + SECOND, met_at=DUE + 2 * SECOND), False),
        (deadline("missed", missed_recorded_at=DUE + SECOND, met_at=DUE), True),
        (deadline("missed"), True),
        (deadline("withdrawn"), False),
        (deadline("forgotten"), True),
    ],
)
def test_a_deadline_ends_in_one_way_and_with_its_proof(fact: Deadline, contradicts: bool) -> None:
    assert rules.deadline_contradicts_itself(fact) is contradicts


def test_a_waiting_deadline_must_be_looked_at_again() -> None:
    assert rules.deadline_not_watched(deadline("open", next_at=None))
    assert not rules.deadline_not_watched(deadline("open"))


def test_a_paused_deadline_is_watched_by_its_pause_and_never_overdue() -> None:
    long_after = DUE + timedelta(days=9)
    fact = replace(deadline("open", next_at=None, swept_until=long_after), is_paused=True)
    assert not rules.deadline_not_watched(fact)
    assert not rules.overdue_not_recorded(fact)
    assert not rules.due_since_last_sweep(fact, long_after)


def reply(state: str, receipt: str | None, delivered_at: datetime | None) -> Reply:
    return Reply(
        "c1/1",
        state,
        receipt,
        delivered_at,
        platform="hotline_12345",
        external_id="n",
        request_id="q",
        was_sent=True,
        by_hand=False,
        text_md5=None,
    )


@pytest.mark.parametrize(
    ("fact", "is_broken"),
    [
        (reply("delivered", "R", DUE), False),
        (reply("delivered", None, DUE), True),
        (reply("delivered", "", DUE), True),
        (reply("delivered", "R", None), True),
        (reply("sending", None, None), False),
    ],
)
def test_delivered_means_with_a_receipt(fact: Reply, is_broken: bool) -> None:
    assert rules.delivered_without_receipt(fact) is is_broken


@pytest.mark.parametrize(
    ("attempted", "delivered", "stored", "twice", "missing"),
    [
        (0, 0, 0, False, False),
        (1, 0, 0, False, False),
        (1, 0, 1, False, False),
        (1, 1, 1, False, False),
        (1, 1, 0, False, True),
        (1, 0, 2, True, False),
        (0, 0, 1, True, False),
        (2, 2, 2, False, False),
        (2, 2, 1, False, True),
    ],
)
def test_a_version_is_at_its_platform_once_where_it_is_delivered(
    attempted: int, delivered: int, stored: int, twice: bool, missing: bool
) -> None:
    fact = Delivery(("c1/1",), attempted, delivered, stored)
    assert rules.delivered_more_than_once(fact) is twice
    assert rules.delivered_but_not_at_platform(fact) is missing


@pytest.mark.parametrize(
    ("is_readable", "names_complaint", "is_broken"),
    [(True, False, True), (True, True, True), (False, True, True), (False, False, False)],
)
def test_only_an_unreadable_message_may_be_without_a_complaint(
    is_readable: bool, names_complaint: bool, is_broken: bool
) -> None:
    fact = RawMessage("r1", is_readable, names_complaint, is_handled=False)
    assert rules.readable_message_without_complaint(fact) is is_broken


def test_the_rules_know_every_state_there_is() -> None:
    """A state that is added must be thought of here: an unknown one is a finding."""
    assert {state.value for state in AtDispatchState} == {
        "linked",
        "waiting_for_person",
        "no_scheme",
        "not_ours",
    }
    assert not any(
        rules.deadline_contradicts_itself(deadline(standing.value))
        for standing in Standing
        if standing not in (Standing.MET, Standing.MISSED)
    )
    assert {state.value for state in ReplyState} == {
        "draft",
        "approved",
        "sending",
        "awaiting_receipt",
        "delivered",
        "stuck",
        "superseded",
    }


def test_a_finding_counts_only_if_both_looks_have_it_with_the_same_id() -> None:
    first = AuditResult({"unknown_to_reply": {"c1", "c2"}, "unknown_to_intake": {"c3"}})
    later = AuditResult({"unknown_to_reply": {"c2", "c4"}})
    later.counts["complaints"] = 7
    both = first.confirmed_by(later)
    assert both.findings == {"unknown_to_reply": {"c2"}}
    assert both.counts["complaints"] == 7


def test_every_finding_has_its_meaning_in_chinese_and_english() -> None:
    for meaning in rules.MEANINGS.values():
        chinese, _, english = meaning.partition(" ")
        assert not chinese.isascii()
        assert english.isascii()
