"""`waterdesk …`: every command of the product, and how they refuse bad input."""

import gc
import sys
from typing import NoReturn

import typer
from typer.exceptions import TyperException

from services.commands import (
    accounts,
    bench,
    calendar,
    demo,
    due,
    kafka,
    replay,
    run,
    triage,
    verify,
)
from services.commands.refusal import refusal

app = typer.Typer(
    name="waterdesk",
    help="供水诉求办理 The complaint desk of a rural drinking-water centre.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("demo")(demo.demo)
app.command("run")(run.run)
app.command("serve")(run.serve)
app.command("migrate")(run.migrate)
app.command("accounts")(accounts.accounts)
app.command("verify")(verify.verify)
app.command("replay")(replay.replay)
app.command("triage")(triage.triage)
app.command("due")(due.due)
app.command("calendar")(calendar.calendar)
app.add_typer(bench.bench, name="bench")
app.command("kafka")(kafka.kafka)


_OBJECTS_BETWEEN_COLLECTIONS = 50_000
"""A batch makes thousands of objects that die with it, none in cycles: looking through them after
every 700, as Python does, took a fifth of the services' time."""


def main() -> None:
    """Bad input is one clear line on standard error and exit status 2, never a traceback."""
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, 50, 50)
    try:
        status = app(sys.argv[1:] or ["--help"], standalone_mode=False)
    except TyperException as error:
        _refuse(error.format_message())
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if (line := refusal(error)) is None:
            raise
        _refuse(line)
    sys.exit(status if isinstance(status, int) else 0)


def _refuse(line: str) -> NoReturn:
    print(f"waterdesk: {' '.join(line.split())}", file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    main()
