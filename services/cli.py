"""`waterdesk …`: every command of the product, and how they refuse bad input."""

import sys

import typer
from typer.exceptions import TyperException

from services.commands import calendar, due, kafka, verify
from services.place import MisconfiguredError
from shared.embedded_postgres import PostgresUnavailable

app = typer.Typer(
    name="waterdesk",
    help="供水诉求办理 The complaint desk of a rural drinking-water centre.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("due")(due.due)
app.command("calendar")(calendar.calendar)
app.command("kafka")(kafka.kafka)
app.command("verify")(verify.verify)


def main() -> None:
    """Bad input is one clear line on standard error and exit status 2, never a traceback."""
    try:
        status = app(sys.argv[1:] or ["--help"], standalone_mode=False)
    except TyperException as error:
        print(f"waterdesk: {_one_line(error.format_message())}", file=sys.stderr)
        sys.exit(2)
    except (MisconfiguredError, PostgresUnavailable) as error:
        print(f"waterdesk: {_one_line(str(error))}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(status if isinstance(status, int) else 0)


def _one_line(message: str) -> str:
    return " ".join(message.split())


if __name__ == "__main__":
    main()
