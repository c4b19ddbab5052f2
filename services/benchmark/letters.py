"""Complaints for a benchmark: the simulated county's own, those that the rules decide alone."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from services.demo.world import COUNTY
from services.intake.platforms.incoming import Incoming, Kind, Platform, Resident
from services.intake.reading import read
from services.intake.rules.place_names import Gazetteer
from services.simulators.county_year import live_stream
from services.simulators.drafts import Village
from services.simulators.said import Said

_PER_MINUTE = 60_000.0


def decided_letters(
    count: int, gazetteer: Gazetteer, villages: list[Village], now: datetime
) -> list[Incoming]:
    """`count` new complaints of one county, each of which goes to a crew without a person."""
    return list(islice(_decided(gazetteer, villages, now), count))


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
