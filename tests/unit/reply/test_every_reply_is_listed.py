"""Whatever becomes of a reply, the console shows it in exactly one list, by reply's events."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.dispatch.models.read_models import Reply as View
from services.dispatch.models.read_models import ReplyNews
from services.dispatch.rules.reply_lists import ReplyList, list_of
from services.reply.models import Complaint, Reply, ReplyState
from services.reply.rules.delivery import (
    ATTEMPT_IN,
    AttemptResult,
    LookUp,
    Tried,
    next_step,
)
from shared.pace import Pace
from tests.conftest import NOW
from tests.integration.reply.events import received

_COMPLAINT = Complaint.received(received(), 1, "edition")
_LIST = {
    ReplyState.DRAFT: ReplyList.TO_REVIEW,
    ReplyState.SENDING: ReplyList.QUEUED,
    ReplyState.AWAITING_RECEIPT: ReplyList.AWAITING_RECEIPT,
    ReplyState.STUCK: ReplyList.STUCK,
    ReplyState.DELIVERED: ReplyList.DELIVERED,
}
_HOUR = timedelta(hours=1)


def _draft(number: int) -> Reply:
    return Reply.draft(_COMPLAINT, number, "已修好。", NOW, solved=True, kind="answer")


def _attempt(reply: Reply, result: AttemptResult, *, can_look: bool, hours: int) -> list[ReplyNews]:
    """One attempt of the sender, hours after the one before."""
    now = NOW + hours * _HOUR
    attempt = reply.claim(now, now + _HOUR)
    if result is AttemptResult.RECEIPT:
        return list(reply.deliver("R-1", now, "platform"))
    tried = Tried(attempt, result, reply.attempts, reply.sent_at or now)
    step = next_step(tried, LookUp(can_look, _HOUR), Pace(), now)
    return [reply.follow(step, result, now)]


class _Life:
    """One complaint's replies, and the events of them in order."""

    def __init__(self, draw: st.DrawFn, *, by_hand: bool) -> None:
        self.draw, self.by_hand = draw, by_hand
        self.reply: Reply | None = _draft(1)
        self.told: list[ReplyNews] = [_draft(1).drafted]
        self.number = 1

    def goes_on(self) -> None:
        """One thing that may happen now, or the claim of a sender that died."""
        reply, draw = self.reply, self.draw
        if reply is None or draw(st.integers(0, 9)) == 0:
            return self._rewritten()
        state = ReplyState(reply.state)
        if state is ReplyState.DRAFT:
            if draw(st.booleans()):
                self.told.append(reply.approve("li", NOW, by_hand=self.by_hand))
            else:
                self.told.append(reply.withdraw(NOW))
                self.reply = None
        elif state is ReplyState.STUCK:
            self.told.append(reply.send_again("li", NOW))
        elif state is ReplyState.APPROVED and reply.by_hand:
            if draw(st.booleans()):
                self.told.append(reply.not_reached(NOW + _HOUR))
            else:
                self.told += reply.deliver("R-2", NOW, "phone")
        elif state in ATTEMPT_IN:
            if draw(st.booleans()):
                reply.claim(NOW, NOW + _HOUR)
                return None
            result = draw(st.sampled_from(AttemptResult))
            can_look, hours = draw(st.booleans()), draw(st.integers(0, 99))
            self.told += _attempt(reply, result, can_look=can_look, hours=hours)
        return None

    def _rewritten(self) -> None:
        if self.reply is not None:
            if self.reply.state == ReplyState.DELIVERED:
                return
            self.reply.supersede()
        self.number += 1
        self.reply = _draft(self.number)
        self.told.append(self.reply.drafted)

    @property
    def expected(self) -> ReplyList | None:
        if self.reply is None:
            return None
        if self.reply.state == ReplyState.APPROVED:
            return ReplyList.BY_HAND if self.reply.by_hand else ReplyList.QUEUED
        return _LIST[ReplyState(self.reply.state)]


@st.composite
def lives(draw: st.DrawFn) -> _Life:
    life = _Life(draw, by_hand=draw(st.booleans()))
    for _ in range(draw(st.integers(0, 12))):
        life.goes_on()
    return life


@given(lives(), st.data())
def test_a_live_reply_is_in_the_list_of_its_state_and_in_no_other(
    life: _Life, data: st.DataObject
) -> None:
    view = View("c1", "610122")
    for sequence, news in data.draw(st.permutations(list(enumerate(life.told, start=1)))):
        view.note(sequence, news)
    assert list_of(view.state, by_hand=view.by_hand) is life.expected
