"""Batches in a temporary file, so that prepared data takes no memory during a run."""

import pickle
from collections.abc import Iterator, Sequence
from tempfile import TemporaryFile
from typing import Generic, TypeVar

T = TypeVar("T")


class StoredBatches(Generic[T]):
    """Added batches can be read back in order, any number of times."""

    def __init__(self) -> None:
        self._file = TemporaryFile()  # noqa: SIM115 - closed with this object
        self._batches = 0
        self.count = 0
        """Items in all batches."""

    def add(self, batch: Sequence[T]) -> None:
        pickle.dump(batch, self._file, pickle.HIGHEST_PROTOCOL)
        self._batches += 1
        self.count += len(batch)

    def batches(self) -> Iterator[Sequence[T]]:
        self._file.seek(0)
        for _ in range(self._batches):
            yield pickle.load(self._file)  # noqa: S301 - written by this process
