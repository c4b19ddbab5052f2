"""Any order of arrival, and any repetition, gives the same picture of deadlines and replies."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.dispatch.rules.read_models import Deadline, Reply

NOW = datetime(2026, 10, 12, 1, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
moments = st.integers(0, 5).map(lambda hours: NOW + hours * HOUR)
sequences = st.lists(st.integers(1, 60), min_size=1, max_size=6, unique=True)


def _set(due_at: datetime, source: str) -> Callable[[Deadline, int], None]:
    def tell(deadline: Deadline, sequence: int) -> None:
        deadline.set(
            sequence,
            due_at=due_at,
            warn_at=due_at - HOUR,
            provisional=source == "policy",
            source=source,
            limit_unreadable=False,
        )

    return tell


def _become(state: str, due_at: datetime, met_at: datetime) -> Callable[[Deadline, int], None]:
    def tell(deadline: Deadline, sequence: int) -> None:
        if state.startswith("met"):
            deadline.become(sequence, "met", due_at, met_at, late=state == "met late")
        else:
            deadline.become(sequence, state, due_at)

    return tell


deadline_news = st.one_of(
    st.builds(_set, moments, st.sampled_from(["printed", "policy"])),
    st.builds(_become, st.sampled_from(["warned", "missed", "met", "met late"]), moments, moments),
)


@given(st.data())
def test_any_order_of_arrival_gives_the_same_deadline(data: st.DataObject) -> None:
    numbered = {sequence: data.draw(deadline_news) for sequence in sorted(data.draw(sequences))}

    def picture(arrivals: Sequence[int]) -> Deadline:
        deadline = Deadline("c1", "reply", "610122", NOW)
        for sequence in arrivals:
            numbered[sequence](deadline, sequence)
        return deadline

    arrivals = data.draw(st.permutations(list(numbered)))
    again = data.draw(st.lists(st.sampled_from(list(numbered)), max_size=4))
    assert picture([*arrivals, *again]) == picture(list(numbered))


@given(moments, moments)
def test_a_warning_stands_until_the_deadline_moves_away(due: datetime, moved_to: datetime) -> None:
    deadline = Deadline("c1", "reply", "610122", due)
    _set(due, "printed")(deadline, 1)
    deadline.become(2, "warned", due)
    _set(moved_to, "policy")(deadline, 3)
    assert deadline.state == ("open" if moved_to > due else "warned")


def _tell_reply(
    kind: str, version: int, at: datetime, *, returned: bool
) -> Callable[[Reply, int], None]:
    def tell(reply: Reply, sequence: int) -> None:
        match kind:
            case "draft":
                reply.drafted(sequence, version, at, returned=returned)
            case "approved":
                reply.approved(sequence, version, f"by {at}", at)
            case "stuck":
                reply.stuck(sequence, version, "refused", at)
            case "delivered":
                reply.delivered(sequence, version, f"R {at}", at, returned=returned)
            case "told":
                reply.told(sequence, version, "phone", at)

    return tell


reply_news = st.builds(
    _tell_reply,
    st.sampled_from(["draft", "approved", "stuck", "delivered", "told"]),
    st.integers(1, 2),
    moments,
    returned=st.booleans(),
)


@given(st.data())
def test_any_order_of_arrival_gives_the_same_reply(data: st.DataObject) -> None:
    numbered = {sequence: data.draw(reply_news) for sequence in sorted(data.draw(sequences))}

    def picture(arrivals: Sequence[int]) -> dict[str, object]:
        reply = Reply("c1", "610122")
        for sequence in arrivals:
            numbered[sequence](reply, sequence)
        return asdict(reply)

    arrivals = data.draw(st.permutations(list(numbered)))
    again = data.draw(st.lists(st.sampled_from(list(numbered)), max_size=4))
    assert picture([*arrivals, *again]) == picture(list(numbered))


def test_what_was_delivered_is_not_approved_again_by_a_clock_that_is_late() -> None:
    """Two replicas of reply, three seconds apart: the later event has the earlier time."""
    reply = Reply("c1", "610122")
    late, early = NOW - 3 * timedelta(seconds=1), NOW
    _tell_reply("approved", 1, early, returned=False)(reply, 7)
    _tell_reply("delivered", 1, late, returned=False)(reply, 8)
    assert reply.state == "delivered"
