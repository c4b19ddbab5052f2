"""A session outlives the size its tables had when its statements were planned."""

from sqlalchemy import text

from tests.integration.bus.conftest import World

_ENTRIES = text(
    "INSERT INTO inbox (consumer, event_id, handled_at)"
    " SELECT 'ledger', 'event-' || n, now()"
    " FROM generate_series(CAST(:first AS int), CAST(:last AS int)) n"
)
_FIND = f"EXECUTE find('{{{','.join(f'event-{n}' for n in range(500))}}}')"

_KEPT_AFTER = 10
"""Executions; PostgreSQL by itself plans five times, then keeps one plan where that costs less."""


async def test_a_plan_made_for_a_small_table_is_made_anew_once_its_growth_is_noticed(
    world: World,
) -> None:
    """PostgreSQL's autovacuum notices it within about a minute."""
    async with world.keeper.connect() as connection:
        await connection.execute(_ENTRIES, {"first": 1, "last": 40})
        await connection.exec_driver_sql("ANALYZE inbox")
        await connection.exec_driver_sql(
            "PREPARE find(text[]) AS SELECT handled_at FROM inbox"
            " WHERE consumer = 'ledger' AND event_id = ANY ($1)"
        )
        for _ in range(_KEPT_AFTER):
            await connection.exec_driver_sql(_FIND)
        await connection.execute(_ENTRIES, {"first": 41, "last": 5000})
        async with world.keeper.connect() as autovacuum:
            await autovacuum.exec_driver_sql("ANALYZE inbox")
        plan = "\n".join((await connection.exec_driver_sql(f"EXPLAIN {_FIND}")).scalars())
        await connection.invalidate()  # it goes to no pool as it is now
    assert "Index" in plan, plan
    assert "Seq Scan" not in plan, plan
