"""Why a command cannot be carried out. (A platform *refuses* a reply; a rule *objects*.)"""

from enum import StrEnum


class Objection(StrEnum):
    """The values are the keys of problems, each with its sentence in api/http_errors.py."""

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
    UNKNOWN_RULE = "unknown_release_rule"
    OWN_RULE = "release_rule_by_its_writer"
    TEMPLATE_HAS_NUMBER = "template_has_number"
    CHECKS_AGAINST = "reply_checks_against"
    NOT_STUCK = "reply_not_stuck"
    NOT_BY_HAND = "reply_not_by_hand"
    NO_CHANNEL = "no_channel_to_send"
    BEFORE_RECEIPT = "contacted_before_received"
    IN_THE_FUTURE = "contacted_in_the_future"
    UNKNOWN_DEADLINE = "unknown_deadline"
    UNKNOWN_EXTENSION = "unknown_extension"
    NOTHING_ASKED = "no_extension_asked"
    DEADLINE_ENDED = "deadline_not_waiting"
    EXPIRED = "deadline_expired"
    ASKED_ALREADY = "extension_asked_already"
    USED_UP = "extensions_used_up"
    NOT_LATER = "new_limit_not_later"
    AFTER_NEXT_STAGE = "new_limit_after_next_stage"
    NO_REASON = "extension_without_reason"
    UNKNOWN_CALL_BACK = "unknown_call_back"
    CALL_BACK_ENDED = "call_back_ended"
    NO_WORDS = "not_solved_without_words"
    RULEBOOK_CHANGED = "rulebook_changed_since"
    RULEBOOK_SAME = "rulebook_says_the_same"
    UNKNOWN_RULEBOOK_VERSION = "unknown_rulebook_version"
    UNKNOWN_RULEBOOK_PLACE = "unknown_place_in_rulebook"
    NOTHING_TO_PAUSE = "nothing_to_pause"
    PAUSED_ALREADY = "paused_already"
    PAUSE_USED_UP = "pause_used_up"
    PAUSE_ENDS_BEFORE = "pause_ends_before_it_starts"
    NOT_PAUSED = "not_paused"


CHANGED_SINCE = frozenset({Objection.STALE, Objection.UNKNOWN_VERSION, Objection.NOT_A_DRAFT})
"""Against an approval: the version is not any more what its reader saw."""


class CommandRejected(Exception):
    """`objection` is for the person who gave the command."""

    def __init__(self, objection: Objection) -> None:
        super().__init__(objection.value)
        self.objection = objection


def reject_if(objection: Objection | None) -> None:
    """Raises CommandRejected."""
    if objection is not None:
        raise CommandRejected(objection)
