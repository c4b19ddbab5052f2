"""The simulators as a process of their own, which is not killed with the services.

Arguments: the port to listen on, the journal's path, intake's URL.
"""

import sys
from datetime import timedelta
from pathlib import Path

import uvicorn

from waterdesk.simulators.app import build_app
from waterdesk.simulators.settings import SimulatorSettings

SIMULATED = SimulatorSettings()
"""Keys and ids that both sides share."""
_QUICK = tuple(timedelta(seconds=seconds) for seconds in (1, 1, 2, 2, 5, 5, 10, 10))


def main() -> None:
    port, journal, intake = sys.argv[1:]
    settings = SimulatorSettings(
        journal_path=Path(journal),
        push_to=intake,
        push_every=timedelta(seconds=0.2),
        hotline_retry_after=_QUICK,
        wechat_retry_after=_QUICK,
    )
    uvicorn.run(build_app(settings), host="127.0.0.1", port=int(port), log_level="error")


if __name__ == "__main__":
    main()
