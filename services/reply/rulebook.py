"""Policies and calendars as one edition: what a complaint's deadlines are counted by."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from . import calendar_file, policy_file
from .calendar_file import Calendars, load_calendars
from .policy_file import load_policies
from .rules.deadlines import Policy


@dataclass(frozen=True, slots=True)
class Rulebook:
    policies: Sequence[Policy]
    calendars: Calendars
    edition: str
    """Changes with either file: open complaints counted by another edition are counted again."""


def read_rulebook(
    policies: Path = policy_file.SHIPPED, calendars: Path = calendar_file.SHIPPED
) -> Rulebook:
    """Raises FileInvalid, which names line and field."""
    written = policies.read_bytes() + b"\0" + calendars.read_bytes()
    return Rulebook(
        policies=load_policies(policies),
        calendars=load_calendars(calendars),
        edition=sha256(written).hexdigest()[:16],
    )
