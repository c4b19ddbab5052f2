"""Complaints for a benchmark: the simulated county's own, those that the rules decide alone."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from services.intake.platforms.incoming import Incoming, Kind, Platform, Resident
from services.intake.rules.classification import classify
from services.intake.rules.gazetteer import Gazetteer
from waterdesk.benchmarks.stored_batches import StoredBatches
from waterdesk.demo.composition import COUNTY
from waterdesk.simulators.county_year import live_stream
from waterdesk.simulators.planned_submissions import Village
from waterdesk.simulators.submissions import Submission

_PER_MINUTE = 60_000.0


def decided_letters(
    count: int, batch: int, gazetteer: Gazetteer, villages: list[Village], now: datetime
) -> StoredBatches[Incoming]:
    """`count` new complaints of one county, each of which goes to a crew without a person."""
    letters = _decided(gazetteer, villages, now)
    batches: StoredBatches[Incoming] = StoredBatches()
    while batches.count < count:
        batches.add([*islice(letters, min(batch, count - batches.count))])
    return batches


def _decided(gazetteer: Gazetteer, villages: list[Village], now: datetime) -> Iterator[Incoming]:
    number = 0
    for submission in live_stream(7, _PER_MINUTE, now, villages=villages):
        if submission.is_complaint:
            number += 1
            # A few seconds apart: no two have the same deadlines.
            sent_at = now - timedelta(seconds=7 * number)
            letter = _letter(submission, f"B{number:09d}", sent_at)
            found = classify(
                gazetteer,
                letter.title,
                letter.text,
                address_line=letter.resident.address_line,
                printed_urgent=letter.printed_urgent,
            )
            if found.is_ours and not found.needs_human:
                yield letter


def _letter(submission: Submission, number: str, sent_at: datetime) -> Incoming:
    return Incoming(
        platform=Platform.HOTLINE_12345,
        external_id=number,
        delivery_id=f"{number}-1",
        kind=Kind.COMPLAINT,
        county=COUNTY,
        title=submission.title,
        text=submission.text,
        sent_at=sent_at,
        raw=submission.text.encode(),
        time_limit=submission.time_limit or None,
        printed_urgent=submission.urgent,
        resident=Resident(
            name=submission.name, phone=submission.phone, address_line=submission.address
        ),
    )
