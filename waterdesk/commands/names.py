"""Names that several commands take."""

from enum import StrEnum


class ServiceName(StrEnum):
    INTAKE = "intake"
    DISPATCH = "dispatch"
    REPLY = "reply"
