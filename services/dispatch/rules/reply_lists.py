"""In which of the console's lists a reply stands: in exactly one while it is live."""

from enum import StrEnum


class ReplyList(StrEnum):
    TO_REVIEW = "to_review"
    QUEUED = "queued"
    """Approved: it is sent, again or for the first time, or looked for."""
    BY_HAND = "by_hand"
    """Approved, and a person phones or posts it: the call sheet."""
    AWAITING_RECEIPT = "awaiting_receipt"
    STUCK = "stuck"
    DELIVERED = "delivered"


def list_of(state: str, *, by_hand: bool) -> ReplyList | None:
    """None: withdrawn, and there is no reply any more. `by_hand` counts once it is approved."""
    match state:
        case "draft":
            return ReplyList.TO_REVIEW
        case "approved":
            return ReplyList.BY_HAND if by_hand else ReplyList.QUEUED
        case "sending":
            return ReplyList.QUEUED
        case "awaiting_receipt" | "stuck" | "delivered":
            return ReplyList(state)
        case _:
            return None
