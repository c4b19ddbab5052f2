"""What a simulator has sent and received, one JSON line each: its state is the replay of this.

A line is handed to the operating system before the simulator answers, so a kill -9 loses nothing
that was answered. A last line that was cut off in the middle was never answered: it is dropped.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from shared.clock import Clock


class JournalDamaged(Exception):
    """A line before the last cannot be read: the file was changed by someone else."""


class JournalInUse(Exception):
    """Another process has this journal open."""


@dataclass(frozen=True, slots=True)
class Entry:
    number: int
    """1, 2, 3 ... over all simulators of one journal."""
    at: datetime
    simulator: str
    kind: str
    data: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "at": self.at.isoformat(),
            "simulator": self.simulator,
            "kind": self.kind,
            "data": self.data,
        }


class Journal:
    """Append-only. Raises JournalDamaged, JournalInUse or OSError when opened."""

    def __init__(self, path: Path | None, clock: Clock) -> None:
        self._clock = clock
        self._entries: list[Entry] = []
        self._file: int | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                self._reload(path)
            except BaseException:
                self.close()
                raise

    def append(self, simulator: str, kind: str, data: Mapping[str, Any]) -> Entry:
        """Record one fact, with the present time. Raises OSError; then nothing was recorded."""
        entry = Entry(len(self._entries) + 1, self._clock.now(), simulator, kind, data)
        if self._file is not None:
            line = json.dumps(entry.as_json(), ensure_ascii=False).encode() + b"\n"
            end = os.fstat(self._file).st_size
            if os.write(self._file, line) != len(line):
                os.ftruncate(self._file, end)
                raise OSError("the journal could not be written whole")
        self._entries.append(entry)
        return entry

    def entries(
        self, simulator: str | None = None, kind: str | None = None, after: int = 0
    ) -> Iterator[Entry]:
        """Facts in the order they happened; `after`: only those with a higher number."""
        for entry in self._entries[max(after, 0) :]:
            if simulator in (None, entry.simulator) and kind in (None, entry.kind):
                yield entry

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _reload(self, path: Path) -> None:
        assert self._file is not None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise JournalInUse(f"{path} is in use by another process") from error
        whole, newline, torn = path.read_bytes().rpartition(b"\n")
        if torn:
            os.ftruncate(self._file, len(whole) + len(newline))
        for number, line in enumerate(whole.split(b"\n") if whole else (), start=1):
            self._entries.append(entry_of(path, number, line))


def entry_of(path: Path, number: int, line: bytes) -> Entry:
    """One line of the journal at `path`. Raises JournalDamaged."""
    try:
        kept = json.loads(line)
        entry = Entry(
            kept["number"],
            datetime.fromisoformat(kept["at"]),
            kept["simulator"],
            kept["kind"],
            kept["data"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise JournalDamaged(f"{path}: line {number} cannot be read") from error
    if entry.number != number:
        raise JournalDamaged(f"{path}: line {number} says it is number {entry.number}")
    return entry
