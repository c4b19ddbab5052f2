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
import random
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from services.intake.batching import Ingestion, PushBatching
from services.intake.context import Context
from services.intake.gazetteer import load_gazetteer
from services.intake.handlers.ingest import ingest
from services.intake.keyed_hashes import KeyedHashes
from services.intake.platforms.incoming import Incoming, Kind, Platform, Resident
from services.intake.rules.classification import classify
from services.intake.rules.gazetteer import Gazetteer
from shared.clock import SystemClock
from shared.db import Database
from shared.embedded_postgres import embedded_postgres
from shared.migrations import make_database, migrate
from shared.privacy.vault import Vault, new_key

_COUNTY = "610122"
_SENT = datetime(2026, 10, 12, 1, 30, tzinfo=UTC)
_WORDS = (
    "从前天晚上开始就停水了，到现在水龙头一滴水都没有，老人做饭都成问题，打水管员电话也没人接，"
    "请尽快派人来修。",
    "最近半个月水压一直很低，二楼根本上不去水，洗衣机没法用，早晚高峰更小，反映过一次没有解决。",
    "自来水发黄，放一会儿盆底有泥沙，烧开有一股漂白粉味，不敢给孩子喝，希望化验一下水质。",
    "村口主管道漏水三四天了，水一直往路上流，路面都结了冰，浪费水不说，还容易摔人，麻烦来处理。",
    "水表没怎么走，这个月水费却比上个月多了一倍，问收费的人也说不清楚，要求核对水表读数。",
)


def tickets(gazetteer: Gazetteer) -> Iterator[Incoming]:
    """Made-up tickets without end, the same ones every time."""
    chance = random.Random(1)
    villages = list(gazetteer.villages.values())
    for number in count(1):
        village = chance.choice(villages)
        where = f"{village.town}{village.spoken_name}{chance.choice('一二三四五六七八')}组"
        text = f"我是{where}村民，{chance.choice(_WORDS)}"
        yield Incoming(
            platform=Platform.HOTLINE_12345,
            external_id=f"B{number:08d}",
            delivery_id=f"B{number:08d}/new",
            kind=Kind.COMPLAINT,
            county=_COUNTY,
            title=text[:20],
            text=text,
            sent_at=_SENT + timedelta(seconds=number),
            changed_at=_SENT + timedelta(seconds=number),
            raw=json.dumps({"issueDesc": text, "n": number}, ensure_ascii=False).encode(),
            time_limit="5个工作日",
            resident=Resident("测试甲", f"139{number:08d}", where),
        )


async def measure(url: str, complaints: int, batch: int) -> dict[str, float]:
    gazetteer = load_gazetteer()
    context = Context(gazetteer, Vault([new_key()]), KeyedHashes("benchmark " * 4))
    database = Database(url, "intake", SystemClock())
    source = tickets(gazetteer)
    sample = [next(source) for _ in range(complaints)]
    try:
        await _ingest_all(database, context, [next(source) for _ in range(batch * 3)], batch)
        cpu, began = time.process_time(), time.perf_counter()
        await _ingest_all(database, context, sample, batch)
        took, cpu = time.perf_counter() - began, time.process_time() - cpu
        began = time.perf_counter()
        await _ingest_all(database, context, sample, batch)
        again = time.perf_counter() - began
        pushes = [next(source) for _ in range(complaints // 4)]
        began = time.perf_counter()
        await _push_all(Ingestion(Platform.HOTLINE_12345, _COUNTY, database, context), pushes)
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
                county=_COUNTY,
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
        classify(
            gazetteer,
            incoming.title,
            incoming.text,
            address_line=incoming.resident.address_line,
        )
    return time.process_time() - began


def _seconds_of_sealing(sample: list[Incoming], vault: Vault) -> float:
    """Three seals a complaint: the raw body, the words, the resident."""
    began = time.process_time()
    for incoming in sample:
        for part in (incoming.raw, incoming.text.encode(), b"x" * 100):
            vault.seal(part, belongs_to=incoming.delivery_id)
    return time.process_time() - began


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--complaints", type=int, default=10_000)
    parser.add_argument("--batch", type=int, default=200)
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        embedded_postgres(Path(folder) / "postgres") as server,
    ):
        url = server.format("intake")
        await make_database(url)
        await migrate(url, Path(__file__).parents[2] / "services/intake/migrations")
        print(json.dumps(await measure(url, asked.complaints, asked.batch)))


if __name__ == "__main__":
    asyncio.run(main())
