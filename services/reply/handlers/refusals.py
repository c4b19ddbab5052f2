"""Why something asked of reply cannot be done; the edge says it in the reader's language."""

from enum import StrEnum


class Why(StrEnum):
    """The values are the keys of problems."""

    UNKNOWN_COMPLAINT = "unknown_complaint"
    UNKNOWN_VERSION = "unknown_reply_version"
    STALE = "stale_reply_version"
    ON_ITS_WAY = "reply_on_its_way"
    MUST_BE_CONFIRMED = "reply_must_be_confirmed"
    NOT_A_DRAFT = "reply_not_a_draft"
    EMPTY = "reply_empty"
    TOO_LONG = "reply_too_long"
    RESPONSIBLE_MISSING = "responsible_missing"
    OWN_WORDS = "approver_wrote_it"
    NOT_STUCK = "reply_not_stuck"
    NOT_BY_HAND = "reply_not_by_hand"
    NO_CHANNEL = "no_channel_to_send"
    BEFORE_RECEIPT = "contacted_before_received"
    IN_THE_FUTURE = "contacted_in_the_future"
    UNKNOWN_DEADLINE = "unknown_deadline"
    NOTHING_ASKED = "no_extension_asked"
    NOT_WAITING = "deadline_not_waiting"
    EXPIRED = "deadline_expired"
    ASKED_ALREADY = "extension_asked_already"
    USED_UP = "extensions_used_up"
    NOT_LATER = "new_limit_not_later"
    NO_REASON = "extension_without_reason"


class ReplyRefused(Exception):
    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why
