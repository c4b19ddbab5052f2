"""Was it solved? Whom to ask, how often, and what an answer means.

One question follows each delivered answer that says "solved". Where two sources contradict each
other about one answer, "not solved" stands, whichever came first: that is how replays and two
topics give the same result in any order.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from .objections import Objection

QUESTION = "问题解决了吗？回复1已解决，2未解决"
"""At most 20 characters: it must fit a subscription notice of WeChat."""


class CallBackState(StrEnum):
    TO_ASK = "to_ask"
    ASKING = "asking"
    """The message is being sent, or its sender died: it is never sent again."""
    ASKED = "asked"
    ANSWERED = "answered"
    CLOSED = "closed"
    """Nobody answered; an answer that comes later counts all the same."""


class AskedBy(StrEnum):
    """Who asks the resident."""

    WECHAT = "wechat"
    """We, by a message."""
    PHONE = "phone"
    """A person, by the call sheet."""
    PLATFORM = "platform"
    """The platform calls them itself, and sends us an evaluation."""


class WhyClosed(StrEnum):
    UNREACHABLE = "unreachable"
    DECLINED = "declined"
    """Does not want to say."""
    NO_ANSWER = "no_answer"
    FOLLOWED = "followed"
    """Another answer was delivered, and is asked about."""


@dataclass(frozen=True, slots=True)
class CallBackPolicy:
    """Our own defaults: no source gives any of them."""

    tries: int = 3
    """So often a person calls in vain."""
    try_again_in: timedelta = timedelta(hours=24)
    answer_within: timedelta = timedelta(days=7)
    platform_within: timedelta = timedelta(days=30)


def gives_up(tries: int, policy: CallBackPolicy) -> bool:
    """Whether nobody is called any more after so many calls in vain."""
    return tries >= policy.tries


def verdict(before: bool | None, said: bool) -> bool:
    """Whether it is solved, of all that was said about one answer."""
    return said and before is not False


def version_meant(delivered: Iterable[tuple[int, datetime]], evaluated_at: datetime) -> int:
    """The newest version that had arrived when it was evaluated; else the first; 0: there is none.

    `delivered`: versions with the time of their receipt. Platforms print whole seconds.
    """
    versions = sorted(delivered)
    before = [version for version, at in versions if at.replace(microsecond=0) <= evaluated_at]
    return before[-1] if before else min((version for version, _ in versions), default=0)


def objection_to_outcome(
    state: CallBackState, *, solved: bool | None, words: str
) -> Objection | None:
    """What stands against a person's note. `solved` None: nobody said."""
    if state is CallBackState.CLOSED:
        return Objection.CALL_BACK_ENDED
    if state is CallBackState.ANSWERED and solved is not False:
        return Objection.CALL_BACK_ENDED
    return Objection.NO_WORDS if solved is False and not words else None
