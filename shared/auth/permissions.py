"""Who may do what. A permission is named after the thing and what is done with it."""

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    DISPATCHER = "dispatcher"
    CREW = "crew"
    REVIEWER = "reviewer"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


class Permission(StrEnum):
    BOARD_SEE = "board.see"
    COMPLAINT_ENTER = "complaint.enter"
    COMPLAINT_DECIDE = "complaint.decide"
    WORDS_SEE = "words.see"
    """Read what a resident wrote."""
    RESIDENT_SEE = "resident.see"
    """Read a resident's name, phone and address; every look is recorded."""
    WORK_ORDER_ASSIGN = "work_order.assign"
    WORK_ORDER_WORK = "work_order.work"
    REPLY_WRITE = "reply.write"
    REPLY_APPROVE = "reply.approve"
    HOTSPOT_SEE = "hotspot.see"
    HOTSPOT_DECIDE = "hotspot.decide"
    """Open, change and end cases of schemes that keep failing."""
    REWORK_DECIDE = "rework.decide"
    """Whether what was reworked already, and is not solved again, is repaired once more."""
    DEADLINE_EXPLAIN = "deadline.explain"
    """Say why a deadline was missed."""
    MESSAGES_SEE = "messages.see"
    """See what staff were told outside the console, and what failed; have it sent again."""
    PARKED_DECIDE = "parked.decide"
    STAFF_MANAGE = "staff.manage"
    """Give somebody a new password."""
    DISCLOSURE_SEE = "disclosure.see"
    """See who looked at which resident's data."""
    RESIDENT_ERASE = "resident.erase"
    POLICY_SEE = "policy.see"
    """Read by what policies and calendar deadlines are counted, and what else is set."""
    POLICY_EDIT = "policy.edit"
    """Change the county's policies and its calendar."""
    TEMPLATE_EDIT = "template.edit"
    """Change the words that drafts of replies begin with."""
    RELEASE_RULE_EDIT = "release_rule.edit"
    """Say which replies go out by themselves."""


_P = Permission
_DISPATCHER = frozenset(
    {
        _P.BOARD_SEE,
        _P.COMPLAINT_ENTER,
        _P.COMPLAINT_DECIDE,
        _P.WORDS_SEE,
        _P.RESIDENT_SEE,
        _P.WORK_ORDER_ASSIGN,
        _P.WORK_ORDER_WORK,
        _P.REPLY_WRITE,
        _P.HOTSPOT_SEE,
        _P.DEADLINE_EXPLAIN,
        _P.MESSAGES_SEE,
        _P.POLICY_SEE,
    }
)
ALLOWED: Mapping[Role, frozenset[Permission]] = {
    Role.DISPATCHER: _DISPATCHER,
    Role.CREW: frozenset({_P.WORDS_SEE, _P.RESIDENT_SEE, _P.WORK_ORDER_WORK, _P.POLICY_SEE}),
    Role.REVIEWER: frozenset(
        {
            _P.BOARD_SEE,
            _P.WORDS_SEE,
            _P.REPLY_WRITE,
            _P.REPLY_APPROVE,
            _P.POLICY_SEE,
            _P.RELEASE_RULE_EDIT,
        }
    ),
    Role.SUPERVISOR: frozenset(
        {
            _P.BOARD_SEE,
            _P.WORDS_SEE,
            _P.RESIDENT_SEE,
            _P.HOTSPOT_SEE,
            _P.HOTSPOT_DECIDE,
            _P.REWORK_DECIDE,
            _P.DEADLINE_EXPLAIN,
            _P.REPLY_APPROVE,
            _P.DISCLOSURE_SEE,
            _P.POLICY_SEE,
        }
    ),
    Role.ADMIN: frozenset(Permission),
}
