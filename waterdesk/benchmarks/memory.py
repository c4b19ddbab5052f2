"""How much memory this process has needed."""

import re
from contextlib import suppress
from pathlib import Path

_KILOBYTES = re.compile(r"^(VmHWM|Rss|Pss):\s+(\d+) kB", re.MULTILINE)


def peak_megabytes() -> float:
    """The most memory this process has had resident so far, less what of it counts for other
    processes that map the same libraries; 0 where the system does not say (Linux does)."""
    with suppress(OSError):
        said = "".join(
            Path(f"/proc/self/{name}").read_text() for name in ("status", "smaps_rollup")
        )
        kilobytes = {name: int(number) for name, number in _KILOBYTES.findall(said)}
        return (kilobytes["VmHWM"] - kilobytes["Rss"] + kilobytes["Pss"]) / 1024
    return 0.0
