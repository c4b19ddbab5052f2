"""Any order of arrival, and any repetition, gives the same picture of deadlines and replies."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispatch.models.read_models import Deadline, Reply, ReplyNews
from shared.events.replies import (
    MISSED,
    DeadlineMet,
    DeadlineMissed,
    DeadlineWarned,
    ReplyApproved,
    ReplyDelivered,
    ReplyDrafted,
    ReplyKind,
    ReplyRetryScheduled,
    ReplyStuck,
    ReplyWithdrawn,
    ResidentTold,
    SetDeadline,
)
from shared.vocabulary import Level

NOW = datetime(2026, 10, 12, 1, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
moments = st.integers(0, 5).map(lambda hours: NOW + hours * HOUR)
sequences = st.lists(st.integers(1, 60), min_size=1, max_size=6, unique=True)
_ABOUT: dict[str, Any] = {"complaint_id": "c1", "county": "610122"}

DeadlineNews = SetDeadline | DeadlineWarned | DeadlineMissed | DeadlineMet


def _counted(due_at: datetime, source: str, step: int = 0) -> SetDeadline:
    return SetDeadline(
        stage="reply",
        due_at=due_at,
        warn_at=due_at - HOUR,
        provisional=source == "policy",
        source=source,
        unverified=source == "policy",
        step=step,
    )


def _warned(due_at: datetime, step: int = 75) -> DeadlineWarned:
    about = {**_ABOUT, "stage": "reply", "due_at": due_at, "warned_at": due_at - HOUR}
    return DeadlineWarned(**about, step=step, level=Level.DISPATCHER)


def _missed(due_at: datetime) -> DeadlineMissed:
    about = {**_ABOUT, "stage": "reply", "due_at": due_at, "recorded_at": due_at}
    return DeadlineMissed(**about, level=Level.BUREAU)


def _met(due_at: datetime, met_at: datetime, late: bool) -> DeadlineMet:
    return DeadlineMet(**_ABOUT, stage="reply", due_at=due_at, met_at=met_at, late=late)


def _tell(deadline: Deadline, sequence: int, news: DeadlineNews) -> None:
    if isinstance(news, SetDeadline):
        deadline.set(sequence, news, limit_unreadable=False)
    else:
        deadline.become(sequence, news)


deadline_news: st.SearchStrategy[DeadlineNews] = st.one_of(
    st.builds(_counted, moments, st.sampled_from(["printed", "policy"]), st.sampled_from([0, 75])),
    st.builds(_warned, moments, st.sampled_from([50, 75])),
    st.builds(_missed, moments),
    st.builds(_met, moments, moments, st.booleans()),
)


@given(st.data())
def test_any_order_of_arrival_gives_the_same_deadline(data: st.DataObject) -> None:
    numbered = {sequence: data.draw(deadline_news) for sequence in sorted(data.draw(sequences))}

    def picture(arrivals: Sequence[int]) -> Deadline:
        deadline = Deadline(**_ABOUT, stage="reply", round=1, due_at=NOW)
        for sequence in arrivals:
            _tell(deadline, sequence, numbered[sequence])
        return deadline

    arrivals = data.draw(st.permutations(list(numbered)))
    again = data.draw(st.lists(st.sampled_from(list(numbered)), max_size=4))
    assert picture([*arrivals, *again]) == picture(list(numbered))


@pytest.mark.parametrize(
    ("news", "state", "step", "alarm"),
    [
        ([_counted(NOW, "printed")], "open", 0, None),
        ([_counted(NOW, "printed"), _warned(NOW)], "warned", 75, 75),
        ([_counted(NOW, "printed"), _warned(NOW), _warned(NOW, 90)], "warned", 90, 90),
        ([_warned(NOW), _counted(NOW, "printed", 75)], "warned", 75, 75),
        ([_warned(NOW, 90), _counted(NOW + HOUR, "printed", 50)], "warned", 50, None),
        ([_warned(NOW), _counted(NOW + HOUR, "printed")], "open", 0, None),
        ([_warned(NOW), _missed(NOW)], "missed", MISSED, MISSED),
        ([_missed(NOW), _met(NOW, NOW + HOUR, late=True)], "missed", 0, None),
        ([_warned(NOW), _met(NOW, NOW, late=False)], "met", 0, None),
    ],
)
def test_people_are_to_be_told_while_a_step_stands_that_was_told(
    news: Sequence[DeadlineNews], state: str, step: int, alarm: int | None
) -> None:
    deadline = Deadline(**_ABOUT, stage="reply", round=1, due_at=NOW)
    for sequence, each in enumerate(news, start=1):
        _tell(deadline, sequence, each)
    alarmed = deadline.alarm.step if deadline.alarm else None
    assert (deadline.state, deadline.step, alarmed) == (state, step, alarm)


def _reply_news(kind: str, version: int, at: datetime, *, kind_of_reply: ReplyKind) -> ReplyNews:
    about = {**_ABOUT, "version": version}
    match kind:
        case "draft":
            return ReplyDrafted(**about, drafted_at=at, kind=kind_of_reply)
        case "approved":
            return ReplyApproved(**about, approved_by=f"by {at}", approved_at=at)
        case "stuck":
            return ReplyStuck(**about, why="refused", stuck_at=at)
        case "retry":
            return ReplyRetryScheduled(
                **about, state="sending", why="ambiguous", next_try_at=at, attempts=version
            )
        case "withdrawn":
            return ReplyWithdrawn(**about, withdrawn_at=at)
        case "delivered":
            return ReplyDelivered(
                **about,
                receipt=f"R {at}",
                delivered_at=at,
                kind=kind_of_reply,
                solved=kind_of_reply == "answer",
            )
        case _:
            return ResidentTold(**about, by="phone", told_at=at)


reply_news = st.builds(
    _reply_news,
    st.sampled_from(["draft", "approved", "retry", "stuck", "withdrawn", "delivered", "told"]),
    st.integers(1, 2),
    moments,
    kind_of_reply=st.sampled_from(["answer", "return", "interim"]),
)


@given(st.data())
def test_any_order_of_arrival_gives_the_same_reply(data: st.DataObject) -> None:
    numbered = {sequence: data.draw(reply_news) for sequence in sorted(data.draw(sequences))}

    def picture(arrivals: Sequence[int]) -> dict[str, object]:
        reply = Reply(**_ABOUT)
        for sequence in arrivals:
            reply.note(sequence, numbered[sequence])
        return asdict(reply)

    arrivals = data.draw(st.permutations(list(numbered)))
    again = data.draw(st.lists(st.sampled_from(list(numbered)), max_size=4))
    assert picture([*arrivals, *again]) == picture(list(numbered))


def test_what_was_delivered_is_not_approved_again_by_a_clock_that_is_late() -> None:
    """Two replicas of reply, three seconds apart: the later event has the earlier time."""
    reply = Reply(**_ABOUT)
    late, early = NOW - 3 * timedelta(seconds=1), NOW
    reply.note(7, _reply_news("approved", 1, early, kind_of_reply="answer"))
    reply.note(8, _reply_news("delivered", 1, late, kind_of_reply="answer"))
    assert reply.state == "delivered"
