"""Complaints for a benchmark: the simulated county's own, those that the rules decide alone."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from services.intake.platforms.incoming import Incoming, Kind, Platform, Resident
from services.intake.rules.classification import Classification, classify
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
    decided = (each for each in letters(villages, now) if _is_decided(each, gazetteer))
    batches: StoredBatches[Incoming] = StoredBatches()
    while batches.count < count:
        batches.add([*islice(decided, min(batch, count - batches.count))])
    return batches


def letters(villages: list[Village], now: datetime) -> Iterator[Incoming]:
    """Complaints of one county without end, the same ones every time."""
    number = 0
    for submission in live_stream(7, _PER_MINUTE, now, villages=villages):
        if submission.is_complaint:
            number += 1
            # A few seconds apart: no two have the same deadlines.
            yield _letter(submission, f"B{number:09d}", now - timedelta(seconds=7 * number))


def classification_of(letter: Incoming, gazetteer: Gazetteer) -> Classification:
    return classify(
        gazetteer,
        letter.title,
        letter.text,
        address_line=letter.resident.address_line,
        printed_urgent=letter.printed_urgent,
    )


def _is_decided(letter: Incoming, gazetteer: Gazetteer) -> bool:
    found = classification_of(letter, gazetteer)
    return found.is_ours and not found.needs_human


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
