"""How fast intake ingests complaints, and where the time goes.

Run: .venv/bin/python -m waterdesk.benchmarks.ingest [--complaints 10000] [--batch 200]

One JSON line. `ingest_s` is the time of everything, PostgreSQL and commits included, in one task.
The others are CPU time of this process over the same complaints: `process_s` of everything,
`rules_s` of classification alone, `sealing_s` of encryption alone. So writing costs this
process `process_s - rules_s`; the rest of `ingest_s` is PostgreSQL's. `duplicates_per_s`: the same
deliveries again. `pushes_per_s`: new ones, 100 at a time (the webhook without HTTP).
"""

import argparse
import asyncio
import json
import time
from itertools import islice

from services.intake.batching import Ingestion, PushBatching
from services.intake.context import Context
from services.intake.gazetteer import load_gazetteer
from services.intake.handlers.ingest import ingest
from services.intake.keyed_hashes import KeyedHashes
from services.intake.platforms.incoming import Incoming, Platform
from services.intake.rules.gazetteer import Gazetteer
from shared.clock import SystemClock
from shared.db import Database
from shared.privacy.vault import Vault
from waterdesk import composition
from waterdesk.benchmarks.letters import classification_of, letters
from waterdesk.benchmarks.temporary_installation import temporary_installation
from waterdesk.demo.composition import COUNTY
from waterdesk.demo.county import demo_villages
from waterdesk.installation import Installation


async def measure(installation: Installation, complaints: int, batch: int) -> dict[str, float]:
    await installation.migrate(("intake",))
    gazetteer = load_gazetteer()
    context = Context(gazetteer, installation.vault, KeyedHashes(installation.secret))
    database = composition.open_database(installation, "intake", SystemClock())
    source = letters(demo_villages(), database.clock.now())
    sample = list(islice(source, complaints))
    try:
        await _ingest_all(database, context, list(islice(source, batch * 3)), batch)
        cpu, began = time.process_time(), time.perf_counter()
        await _ingest_all(database, context, sample, batch)
        took, cpu = time.perf_counter() - began, time.process_time() - cpu
        began = time.perf_counter()
        await _ingest_all(database, context, sample, batch)
        again = time.perf_counter() - began
        pushes = list(islice(source, complaints // 4))
        began = time.perf_counter()
        await _push_all(Ingestion(Platform.HOTLINE_12345, COUNTY, database, context), pushes)
        pushed = time.perf_counter() - began
    finally:
        await database.close()
    return {
        "complaints": complaints,
        "batch": batch,
        "complaints_per_s": round(complaints / took),
        "duplicates_per_s": round(complaints / again),
        "pushes_per_s": round(len(pushes) / pushed),
        "ingest_s": round(took, 2),
        "process_s": round(cpu, 2),
        "rules_s": round(_seconds_of_rules(sample, gazetteer), 2),
        "sealing_s": round(_seconds_of_sealing(sample, context.vault), 2),
    }


async def _ingest_all(
    database: Database, context: Context, sample: list[Incoming], batch: int
) -> None:
    for begin in range(0, len(sample), batch):
        page = sample[begin : begin + batch]
        async with database.work() as (session, outbox):
            await ingest(
                session,
                outbox,
                page,
                database.clock.now(),
                platform=Platform.HOTLINE_12345,
                county=COUNTY,
                context=context,
            )


async def _push_all(ingestion: Ingestion, pushes: list[Incoming]) -> None:
    batching, waiting = PushBatching(ingestion), iter(pushes)

    async def pusher() -> None:
        for incoming in waiting:
            await batching.ingest(incoming)

    await asyncio.gather(*(pusher() for _ in range(100)))


def _seconds_of_rules(sample: list[Incoming], gazetteer: Gazetteer) -> float:
    began = time.process_time()
    for incoming in sample:
        classification_of(incoming, gazetteer)
    return time.process_time() - began


def _seconds_of_sealing(sample: list[Incoming], vault: Vault) -> float:
    """Three seals a complaint: the raw body, the words, the resident."""
    began = time.process_time()
    for incoming in sample:
        for part in (incoming.raw, incoming.text.encode(), b"x" * 100):
            vault.seal(part, belongs_to=incoming.delivery_id)
    return time.process_time() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--complaints", type=int, default=10_000)
    parser.add_argument("--batch", type=int, default=200)
    asked = parser.parse_args()
    with temporary_installation() as installation:
        print(json.dumps(asyncio.run(measure(installation, asked.complaints, asked.batch))))


if __name__ == "__main__":
    main()
