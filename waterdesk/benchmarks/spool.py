"""Batches kept in a file, so that what is made beforehand costs a run no memory."""

import pickle
from collections.abc import Iterator, Sequence
from tempfile import TemporaryFile
from typing import Generic, TypeVar

T = TypeVar("T")


class Spool(Generic[T]):
    """What is added comes out again as it went in, as often as it is asked for."""

    def __init__(self) -> None:
        self._file = TemporaryFile()  # noqa: SIM115 - closed with the spool, at its end
        self._batches = 0
        self.count = 0
        """Of all items."""

    def add(self, batch: Sequence[T]) -> None:
        pickle.dump(batch, self._file, pickle.HIGHEST_PROTOCOL)
        self._batches += 1
        self.count += len(batch)

    def batches(self) -> Iterator[Sequence[T]]:
        self._file.seek(0)
        for _ in range(self._batches):
            yield pickle.load(self._file)  # noqa: S301 - we wrote it ourselves
