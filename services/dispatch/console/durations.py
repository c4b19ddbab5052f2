"""Lengths of time as policies write them ("5 working days"), for forms and for readers."""

import re

from services.dispatch.console.language import Words

UNITS = ("minute", "hour", "day", "working_minute", "working_hour", "working_day")
_PLAIN = re.compile(rf"(\d+) ({'|'.join(unit.replace('_', ' ') for unit in UNITS)})s?")


def read_duration(written: str) -> tuple[int, str] | None:
    """Amount and unit; None where it is written otherwise ("same day", "5个工作日")."""
    found = _PLAIN.fullmatch(written.strip())
    return (int(found[1]), found[2].replace(" ", "_")) if found else None


def write_duration(amount: int, unit: str) -> str:
    return f"{amount} {unit.replace('_', ' ')}{'' if amount == 1 else 's'}"


def duration_words(words: Words, written: str) -> str:
    found = read_duration(written)
    return written if found is None else words(f"duration.{found[1]}", amount=found[0])
