"""What others wrote is what VENDOR.md says, and no page asks another host for anything."""

import hashlib
import re
from pathlib import Path

CONSOLE = Path(__file__).parents[3] / "services/dispatch/console"
VENDOR = CONSOLE / "static/vendor"


def _table() -> dict[str, str]:
    rows = re.findall(
        r"^\| (\S+) \| .* \| ([0-9a-f]{64}) \|$", (VENDOR / "VENDOR.md").read_text(), re.MULTILINE
    )
    return dict(rows)


def test_every_vendored_file_has_the_sum_that_is_written_down() -> None:
    files = {
        str(path.relative_to(VENDOR)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name != "VENDOR.md"
    }
    assert files == _table()


def test_every_vendored_folder_has_its_licence() -> None:
    folders = [path for path in VENDOR.iterdir() if path.is_dir()]
    assert folders
    assert all((folder / "LICENSE").stat().st_size > 200 for folder in folders)


def test_no_page_names_another_host() -> None:
    own = [*CONSOLE.rglob("*.html"), CONSOLE / "static/console.css", CONSOLE / "static/console.js"]
    for path in own:
        text = path.read_text().replace("http://www.w3.org/2000/svg", "")  # a name, not a host
        assert not re.search(r"(https?:)?//[a-z0-9-]+\.[a-z]", text, re.IGNORECASE), path
        assert not re.search(r"\s(style|on[a-z]+)=", text), path
