"""The villages a county's complaints can come from: a CSV file with code,village,town[,county].

Names stand as the statistics write them (北门村委会). `waterdesk triage` answers with those; events
and pages carry the name people say (北门村).
"""

import csv
from pathlib import Path

from services.intake.rules.gazetteer import Gazetteer, Village

DEMO_COUNTY = Path(__file__).parent / "lantian_villages.csv"
"""The 352 villages of Lantian county; its notice stands beside it."""

_NEEDED = ("code", "village", "town")


class BadGazetteer(ValueError):
    """A gazetteer file that cannot be used; the text says why, in Chinese."""


def load_gazetteer(path: Path = DEMO_COUNTY) -> Gazetteer:
    """Reads a gazetteer (UTF-8, with or without BOM). Raises BadGazetteer, or OSError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            missing = [name for name in _NEEDED if name not in (rows.fieldnames or ())]
            if missing:
                raise BadGazetteer(f"地名表缺少列 {', '.join(missing)}:{path}")
            villages = [
                Village(
                    code=(row["code"] or "").strip(),
                    name=(row["village"] or "").strip(),
                    town=(row["town"] or "").strip(),
                    county=(row.get("county") or "").strip(),
                )
                for row in rows
            ]
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadGazetteer(f"地名表不是 UTF-8 的 CSV 文件:{path}") from error
    unusable = sum(not (village.code and village.name and village.town) for village in villages)
    if not villages or unusable:
        raise BadGazetteer(f"地名表没有内容，或有 {unusable} 行缺编码、村名或镇名:{path}")
    return Gazetteer(villages)
