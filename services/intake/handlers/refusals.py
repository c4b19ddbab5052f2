"""What a person cannot have or do; api/dependencies.py answers it."""

from enum import StrEnum


class Refusal(StrEnum):
    """Why something is refused. The values are message keys."""

    UNKNOWN = "unknown_complaint"
    CATEGORY_CONTRADICTS = "category_contradicts_is_ours"
    VILLAGE_UNKNOWN = "unknown_village"
    VILLAGE_MISSING = "village_missing"
    NOT_RETURNED = "not_returned"
    RETURNED_BEFORE = "returned_before"
    DECIDED_BY_ANOTHER = "decided_by_another"


class Refused(Exception):
    def __init__(self, why: Refusal) -> None:
        super().__init__(why)
        self.why = why
