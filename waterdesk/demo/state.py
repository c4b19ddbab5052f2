"""What the demo keeps between runs, beside the services' own data."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import TypeAdapter

from waterdesk.demo.county import demo_villages
from waterdesk.simulators.county_year import county_year
from waterdesk.simulators.submissions import Submission

COMPLAINTS_A_YEAR = 280
"""Fewer than the 401 that the model county handled in 2024, for a short first start."""
_SEED = 610122
_PROGRESS_BYTES = 200


class DemoStateDamaged(Exception):
    """A file of the demo cannot be read; the text names it."""


@dataclass(frozen=True, slots=True)
class _Kept:
    year_end: datetime
    complaints: int
    passwords: dict[str, str]


class DemoState:
    """The end of the demo's year, its number of complaints, and the accounts' passwords.

    `now` and `complaints` count only for a new demo. Raises DemoStateDamaged.
    """

    def __init__(self, home: Path, now: datetime, complaints: int = COMPLAINTS_A_YEAR) -> None:
        self._path = home / "demo.json"
        with _damage_named(self._path):
            self._kept = (
                _KEPT.validate_json(self._path.read_bytes())
                if self._path.exists()
                else _Kept(now, complaints, {})
            )
        self.year_end = self._kept.year_end
        self.passwords = self._kept.passwords
        """By account name; made on the first start."""

    def add_passwords(self, made: dict[str, str]) -> None:
        if made:
            self.passwords.update(made)
            self.save()

    def submissions_of_the_year(self) -> list[Submission]:
        return county_year(_SEED, self.year_end, self._kept.complaints, villages=demo_villages())

    def save(self) -> None:
        new = self._path.with_suffix(".new")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(_KEPT.dump_json(self._kept))
        new.rename(self._path)


@dataclass(frozen=True, slots=True)
class Reached:
    processed_until: datetime
    """All submissions up to here have been processed."""
    clock: datetime
    """The latest time on the history's clock: it must not go back after a restart."""


_KEPT, _REACHED = TypeAdapter(_Kept), TypeAdapter(Reached)


class Progress:
    """How far the history has come; survives a kill at any moment."""

    def __init__(self, home: Path) -> None:
        self._path = home / "demo-year.json"

    def load(self) -> Reached | None:
        """None: nothing yet. Raises DemoStateDamaged."""
        with _damage_named(self._path):
            saved = self._path.read_bytes() if self._path.exists() else b""
            return _REACHED.validate_json(saved) if saved else None

    def save(self, reached: Reached) -> None:
        """Overwrite in one write of constant length: a kill leaves the old or the new state."""
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            os.pwrite(descriptor, _REACHED.dump_json(reached).ljust(_PROGRESS_BYTES), 0)
        finally:
            os.close(descriptor)


@contextmanager
def _damage_named(path: Path) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise DemoStateDamaged(
            f"{path}: 无法读取 cannot be read; remove {path.parent} to start the demo afresh"
        ) from error
