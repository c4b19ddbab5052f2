"""The peak memory of this process."""

import re
from contextlib import suppress
from pathlib import Path

_KILOBYTES = re.compile(r"^(VmHWM|Rss|Pss):\s+(\d+) kB", re.MULTILINE)


def peak_megabytes() -> float:
    """Peak resident megabytes, with shared libraries counted in proportion; 0 except on Linux."""
    with suppress(OSError):
        said = "".join(
            Path(f"/proc/self/{name}").read_text() for name in ("status", "smaps_rollup")
        )
        kilobytes = {name: int(number) for name, number in _KILOBYTES.findall(said)}
        return (kilobytes["VmHWM"] - kilobytes["Rss"] + kilobytes["Pss"]) / 1024
    return 0.0
