"""What dispatch is told by its environment."""

from pathlib import Path

from pydantic import Field

from shared.settings import CommonSettings


class DispatchSettings(CommonSettings):
    county_file: Path | None = Field(
        None,
        description="The county's schemes, crews and staff, YAML (services/dispatch/README.md). "
        "None: the demo county's.",
    )
    merge_same_village_hours: float = Field(
        336,
        gt=0,
        description="Complaints of one village further apart than this are never one fault.",
    )
    merge_other_village_hours: float = Field(
        48,
        ge=0,
        description="The same for two villages that share the source of their scheme.",
    )
    repeat_window_days: int = Field(
        90, ge=1, description="The same part failing again within so many days is a hotspot."
    )
    assign_every_seconds: float = Field(
        10, gt=0, description="How often waiting work orders look for a free crew."
    )
