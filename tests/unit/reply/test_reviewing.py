"""What stands against approving, rewriting and resolving a version, as tables."""

from dataclasses import replace

import pytest

from services.reply.rules.delivery import ReplyState, StuckReason
from services.reply.rules.objections import Objection
from services.reply.rules.reviewing import (
    Approval,
    Version,
    objection_to_approval,
    objection_to_confirming_arrival,
    objection_to_noting_by_hand,
    objection_to_rewriting,
    objection_to_sending_again,
)

DRAFT = Version(
    ReplyState.DRAFT, is_newest=True, length=20, returned=False, responsible="", written_by="li"
)
RETURN = replace(DRAFT, returned=True, responsible="县住建局")
APPROVAL = Approval(by="li", longest=20, second_person=False)


@pytest.mark.parametrize(
    ("version", "approval", "objection"),
    [
        pytest.param(DRAFT, APPROVAL, None, id="a draft"),
        pytest.param(RETURN, APPROVAL, None, id="a return that says who is responsible"),
        pytest.param(
            replace(RETURN, responsible=""), APPROVAL, Objection.RESPONSIBLE_MISSING, id="a return"
        ),
        pytest.param(
            replace(DRAFT, state=ReplyState.SENDING), APPROVAL, Objection.NOT_A_DRAFT, id="sending"
        ),
        pytest.param(
            replace(DRAFT, state=ReplyState.SUPERSEDED, is_newest=False),
            APPROVAL,
            Objection.STALE,
            id="superseded",
        ),
        pytest.param(replace(DRAFT, length=21), APPROVAL, Objection.TOO_LONG, id="too long"),
        pytest.param(
            DRAFT, replace(APPROVAL, second_person=True), Objection.OWN_WORDS, id="own words"
        ),
        pytest.param(
            replace(DRAFT, written_by=None),
            replace(APPROVAL, second_person=True),
            None,
            id="our own draft needs no second person",
        ),
    ],
)
def test_approving(version: Version, approval: Approval, objection: Objection | None) -> None:
    assert objection_to_approval(version, approval) is objection


@pytest.mark.parametrize(
    ("newest", "words", "read", "objection"),
    [
        pytest.param(None, "好", 0, None, id="the first version"),
        pytest.param(DRAFT, "好", 1, None, id="of a draft"),
        pytest.param(DRAFT, "好", 0, Objection.STALE, id="not read"),
        pytest.param(DRAFT, "", 1, Objection.EMPTY, id="no words"),
        pytest.param(DRAFT, "好" * 21, 1, Objection.TOO_LONG, id="too long"),
        pytest.param(
            replace(DRAFT, state=ReplyState.SENDING), "好", 1, Objection.ON_ITS_WAY, id="sending"
        ),
        pytest.param(
            replace(DRAFT, state=ReplyState.STUCK, stuck=StuckReason.UNCONFIRMED),
            "好",
            1,
            Objection.MUST_BE_CONFIRMED,
            id="nobody knows whether it arrived",
        ),
        pytest.param(
            replace(DRAFT, state=ReplyState.STUCK, stuck=StuckReason.REFUSED),
            "好",
            1,
            None,
            id="refused by the platform",
        ),
        pytest.param(
            replace(DRAFT, state=ReplyState.DELIVERED), "好", 1, None, id="answering again"
        ),
    ],
)
def test_rewriting(
    newest: Version | None, words: str, read: int, objection: Objection | None
) -> None:
    found = objection_to_rewriting(
        newest, words, newest_read=read, newest_number=1 if newest else 0, longest=20
    )
    assert found is objection


@pytest.mark.parametrize("state", ReplyState)
@pytest.mark.parametrize("has_channel", [True, False])
def test_what_only_a_person_can_decide(state: ReplyState, has_channel: bool) -> None:
    confirmable = objection_to_confirming_arrival(state) is None
    assert confirmable is (state in (ReplyState.STUCK, ReplyState.DELIVERED))
    noted = objection_to_noting_by_hand(state, by_hand=not has_channel) is None
    assert noted is (not has_channel and state in (ReplyState.APPROVED, ReplyState.DELIVERED))
    again = objection_to_sending_again(state, has_channel=has_channel) is None
    assert again is (has_channel and state is ReplyState.STUCK)
