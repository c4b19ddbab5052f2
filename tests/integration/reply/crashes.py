"""Die between any two statements, as a kill -9 would have it: nothing after it runs."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from shared.db import Database


class Killed(Exception):
    pass


@contextmanager
def killed_at(database: Database, number: int) -> Iterator[list[str]]:
    """Die instead of the `number`-th statement or commit inside. Gives the steps as they come;
    fewer than `number`: there was nothing left to die at."""
    steps: list[str] = []

    def step(what: str) -> None:
        steps.append(what)
        if len(steps) == number:
            raise Killed(what)

    def on_execute(_c: object, _cu: object, sql: str, *_: object) -> None:
        step(sql.split(maxsplit=1)[0])

    def on_commit(_: object) -> None:
        step("COMMIT")

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", on_execute)
    event.listen(engine, "commit", on_commit)
    try:
        yield steps
    finally:
        event.remove(engine, "before_cursor_execute", on_execute)
        event.remove(engine, "commit", on_commit)
