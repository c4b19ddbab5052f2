"""`waterdesk …`: every command of the product, and how they refuse bad input."""

import sys
from collections.abc import Collection
from importlib import import_module
from typing import NoReturn

import typer
from typer.exceptions import TyperException

from shared.garbage import collect_less_often

COMMANDS = (
    "demo",
    "run",
    "serve",
    "migrate",
    "accounts",
    "verify",
    "replay",
    "republish",
    "parked",
    "erase",
    "disclosures",
    "keys",
    "triage",
    "report",
    "hotspots",
    "history",
    "due",
    "calendar",
    "bench",
    "kafka",
)
_ELSEWHERE = {"serve": "run", "migrate": "run"}
"""Commands whose module has another name."""


def commands(names: Collection[str] = COMMANDS) -> typer.Typer:
    """The app with these commands. Imports only their modules: all three services take seconds to
    import, and `waterdesk due` needs none of them."""
    app = typer.Typer(
        name="waterdesk",
        help="供水诉求办理 The complaint desk of a rural drinking-water centre.",
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        callback=_waterdesk,
    )
    for name in names:
        module = import_module(f"waterdesk.commands.{_ELSEWHERE.get(name, name)}")
        command = getattr(module, name)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)
    return app


def _waterdesk() -> None:
    """Without a callback, Typer makes a single command the app itself and rejects its name."""


def main() -> None:
    """Bad input is one clear line on standard error and exit status 2, never a traceback."""
    collect_less_often()
    words = sys.argv[1:] or ["--help"]
    app = commands([words[0]] if words[0] in COMMANDS else COMMANDS)
    try:
        status = app(words, standalone_mode=False)
    except TyperException as error:
        _refuse(error.format_message())
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        from waterdesk.commands.refusal import refusal  # knows every library's errors

        if (line := refusal(error)) is None:
            raise
        _refuse(line)
    sys.exit(status if isinstance(status, int) else 0)


def _refuse(line: str) -> NoReturn:
    print(f"waterdesk: {' '.join(line.split())}", file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    main()
