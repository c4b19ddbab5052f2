"""Complaints for a benchmark: the simulated county's own, those that the rules decide alone."""

import pickle
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from tempfile import TemporaryFile

from services.demo.world import COUNTY
from services.intake.platforms.incoming import Incoming, Kind, Platform, Resident
from services.intake.reading import read
from services.intake.rules.place_names import Gazetteer
from services.simulators.county_year import live_stream
from services.simulators.drafts import Village
from services.simulators.said import Said

_PER_MINUTE = 60_000.0


class Spool:
    """`count` new complaints of one county, each of which goes to a crew without a person; made
    beforehand and kept in a file, so that they cost the run neither its time nor its memory."""

    def __init__(
        self,
        count: int,
        batch: int,
        gazetteer: Gazetteer,
        villages: list[Village],
        now: datetime,
    ) -> None:
        self._file = TemporaryFile()  # noqa: SIM115 - open as long as the spool
        letters = _decided(gazetteer, villages, now)
        for start in range(0, count, batch):
            pickle.dump([*islice(letters, min(batch, count - start))], self._file)
        self._count, self._batch = count, batch

    def batches(self) -> Iterator[list[Incoming]]:
        self._file.seek(0)
        for _ in range(0, self._count, self._batch):
            yield pickle.load(self._file)  # noqa: S301 - we wrote it ourselves

    def close(self) -> None:
        self._file.close()


def _decided(gazetteer: Gazetteer, villages: list[Village], now: datetime) -> Iterator[Incoming]:
    number = 0
    for said in live_stream(7, _PER_MINUTE, now, villages=villages):
        if said.is_complaint:
            number += 1
            letter = _letter(said, f"B{number:09d}", now)
            decision = read(letter, gazetteer).decision
            if decision.is_ours and not decision.needs_human:
                yield letter


def _letter(said: Said, number: str, now: datetime) -> Incoming:
    return Incoming(
        platform=Platform.HOTLINE_12345,
        external_id=number,
        delivery_id=f"{number}-1",
        kind=Kind.COMPLAINT,
        county=COUNTY,
        title=said.title,
        text=said.text,
        sent_at=now,
        raw=said.text.encode(),
        time_limit=said.time_limit or None,
        printed_urgent=said.urgent,
        resident=Resident(name=said.name, phone=said.phone, address_line=said.address),
    )
