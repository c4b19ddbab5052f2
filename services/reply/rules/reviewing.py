"""What a reviewer may do with a version of a reply, and what stands against it."""

from collections.abc import Callable
from dataclasses import dataclass

from .delivery import ReplyState, StuckReason
from .objections import Objection


@dataclass(frozen=True, slots=True)
class Version:
    """What the decisions depend on of one version."""

    state: ReplyState
    is_newest: bool
    length: int
    returned: bool
    responsible: str
    written_by: str | None
    stuck: StuckReason | None = None
    interim: bool = False
    """Another answer follows it, which does not wait until it has arrived."""


@dataclass(frozen=True, slots=True)
class Approval:
    by: str
    longest: int
    """Characters the platform takes."""
    second_person: bool
    """Whether the writer may not approve."""
    serious: bool = False
    """Whether a check finds something serious in its words (rules/reply_checks.py)."""
    confirmed: bool = False
    """Whether the person says that it is right all the same."""


Rule = Callable[[Version, Approval], Objection | None]


def it_is_a_draft(version: Version, _: Approval) -> Objection | None:
    if version.state is ReplyState.DRAFT:
        return None
    return Objection.NOT_A_DRAFT if version.is_newest else Objection.STALE


def a_return_names_who_is_responsible(version: Version, _: Approval) -> Objection | None:
    missing = version.returned and not version.responsible
    return Objection.RESPONSIBLE_MISSING if missing else None


def the_platform_takes_its_length(version: Version, approval: Approval) -> Objection | None:
    return Objection.TOO_LONG if version.length > approval.longest else None


def another_person_wrote_it(version: Version, approval: Approval) -> Objection | None:
    own = approval.second_person and version.written_by == approval.by
    return Objection.OWN_WORDS if own else None


def what_the_checks_find_is_confirmed(_: Version, approval: Approval) -> Objection | None:
    return Objection.CHECKS_AGAINST if approval.serious and not approval.confirmed else None


APPROVAL_RULES: tuple[Rule, ...] = (
    it_is_a_draft,
    a_return_names_who_is_responsible,
    the_platform_takes_its_length,
    another_person_wrote_it,
    what_the_checks_find_is_confirmed,
)


def objection_to_approval(version: Version, approval: Approval) -> Objection | None:
    return next((why for rule in APPROVAL_RULES if (why := rule(version, approval))), None)


def objection_to_rewriting(
    newest: Version | None, words: str, *, newest_read: int, newest_number: int, longest: int
) -> Objection | None:
    """Against replacing the newest version by `words`, whose writer has read `newest_read`."""
    if newest_read != newest_number:
        return Objection.STALE
    if newest is not None:
        if newest.state is ReplyState.SENDING:
            return Objection.ON_ITS_WAY
        if newest.state is ReplyState.AWAITING_RECEIPT and not newest.interim:
            return Objection.ON_ITS_WAY
        unconfirmed = newest.state is ReplyState.STUCK and newest.stuck is StuckReason.UNCONFIRMED
        if unconfirmed and not newest.interim:
            return Objection.MUST_BE_CONFIRMED
    if not words:
        return Objection.EMPTY
    return Objection.TOO_LONG if len(words) > longest else None


def objection_to_confirming_arrival(state: ReplyState) -> Objection | None:
    resolvable = state in (ReplyState.STUCK, ReplyState.DELIVERED)
    return None if resolvable else Objection.NOT_STUCK


def objection_to_noting_by_hand(state: ReplyState, *, by_hand: bool) -> Objection | None:
    may_be_noted = by_hand and state in (ReplyState.APPROVED, ReplyState.DELIVERED)
    return None if may_be_noted else Objection.NOT_BY_HAND


def objection_to_sending_again(state: ReplyState, *, has_channel: bool) -> Objection | None:
    if state is not ReplyState.STUCK:
        return Objection.NOT_STUCK
    return None if has_channel else Objection.NO_CHANNEL
