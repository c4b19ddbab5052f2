"""What the demo keeps between runs, beside the services' own data."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from waterdesk.demo.county import demo_villages
from waterdesk.simulators.county_year import county_year
from waterdesk.simulators.submissions import Submission

COMPLAINTS_A_YEAR = 280
"""Fewer than the 401 that the model county handled in 2024, for a short first start."""
_SEED = 610122
_PROGRESS_BYTES = 200


class DemoStateDamaged(Exception):
    """A file of the demo cannot be read; the text names it."""


class DemoState:
    """The end of the demo's year, its number of complaints, and the accounts' passwords.

    `now` and `complaints` count only for a new demo. Raises DemoStateDamaged.
    """

    def __init__(self, home: Path, now: datetime, complaints: int = COMPLAINTS_A_YEAR) -> None:
        self._path = home / "demo.json"
        new = {"year_end": now.isoformat(), "complaints": complaints, "passwords": {}}
        with _damage_named(self._path):
            saved: dict[str, Any] = (
                json.loads(self._path.read_text()) if self._path.exists() else new
            )
            self.year_end = datetime.fromisoformat(saved["year_end"])
            self.complaints: int = saved["complaints"]
            self.passwords: dict[str, str] = saved["passwords"]
        """By account name; made on the first start."""

    def add_passwords(self, made: dict[str, str]) -> None:
        if made:
            self.passwords |= made
            self.save()

    def submissions_of_the_year(self) -> list[Submission]:
        return county_year(_SEED, self.year_end, self.complaints, villages=demo_villages())

    def save(self) -> None:
        new = self._path.with_suffix(".new")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(
                {
                    "year_end": self.year_end.isoformat(),
                    "complaints": self.complaints,
                    "passwords": self.passwords,
                },
                file,
            )
        new.rename(self._path)


@dataclass(frozen=True, slots=True)
class Reached:
    processed_until: datetime
    """All submissions up to here have been processed."""
    clock: datetime
    """The latest time on the history's clock: it must not go back after a restart."""


class Progress:
    """How far the history has come; survives a kill at any moment."""

    def __init__(self, home: Path) -> None:
        self._path = home / "demo-year.json"

    def load(self) -> Reached | None:
        """None: nothing yet. Raises DemoStateDamaged."""
        with _damage_named(self._path):
            text = self._path.read_text() if self._path.exists() else ""
            if not text:
                return None
            saved = json.loads(text)
            return Reached(**{name: datetime.fromisoformat(at) for name, at in saved.items()})

    def save(self, reached: Reached) -> None:
        """Overwrite in one write of constant length: a kill leaves the old or the new state."""
        values = {"processed_until": reached.processed_until, "clock": reached.clock}
        text = json.dumps({name: at.isoformat() for name, at in values.items()})
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            os.pwrite(descriptor, text.encode().ljust(_PROGRESS_BYTES), 0)
        finally:
            os.close(descriptor)


@contextmanager
def _damage_named(path: Path) -> Iterator[None]:
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DemoStateDamaged(
            f"{path}: 无法读取 cannot be read; remove {path.parent} to start the demo afresh"
        ) from error
