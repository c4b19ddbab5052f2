"""What dispatch is told by its environment."""

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from shared.settings import CommonSettings


def _are_networks(text: str) -> str:
    try:
        for each in filter(None, (part.strip() for part in text.split(","))):
            ip_network(each)
    except ValueError:
        raise ValueError(
            "不是地址或网段 not addresses or networks such as 10.0.0.5,10.1.0.0/16"
        ) from None
    return text


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
    platform_unavailable_minutes: float = Field(
        5,
        ge=0,
        description="How long a platform may be unavailable before a banner tells everybody.",
    )
    assign_every_seconds: float = Field(
        10, gt=0, description="How often waiting work orders look for a free crew."
    )
    assign_new_every_seconds: float = Field(
        0.5, gt=0, description="The same for those that no crew has been looked for yet."
    )
    trusted_proxies: Annotated[str, AfterValidator(_are_networks)] = Field(
        "",
        description="Reverse proxies before the console, comma-separated addresses or networks: "
        "their X-Forwarded-For and X-Forwarded-Proto are believed, nobody else's.",
    )
