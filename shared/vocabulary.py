"""Codes that all services share. They stand in events and databases: add to them, never rename.

Standard library only, so that rules may use them.
"""

from enum import StrEnum


class Category(StrEnum):
    """What a complaint is about, the gravest first."""

    OUTAGE = "outage"
    """停水、断水、缺水."""
    LOW_PRESSURE = "low_pressure"
    """水压低、水量小."""
    WATER_QUALITY = "water_quality"
    """浑浊、异味、异色、杂质."""
    PIPE_LEAK = "pipe_leak"
    """漏水、爆管."""
    BILLING = "billing"
    """水费、计量."""
    NEW_CONNECTION = "new_connection"
    """未通水、新装."""
    SERVICE = "service"
    """服务态度."""
    OTHER = "other"
    """About water supply, but none of the above."""
    NOT_OURS = "not_ours"
    """Another body's matter: returned with a reason."""


class Component(StrEnum):
    """The parts of a rural scheme that fail."""

    WELL = "well"
    """水源井."""
    PUMP = "pump"
    """水泵."""
    ELECTRICAL = "electrical"
    """电气."""
    DISINFECTION = "disinfection"
    """消毒设备."""
    TANK = "tank"
    """水池."""
    NETWORK = "network"
    """管网."""
    METER = "meter"
    """水表."""
    SERVICE_LINE = "service_line"
    """入户."""


class Level(StrEnum):
    """Up to whom somebody is told of a deadline: from the nearest to the highest."""

    CREW_LEADER = "crew_leader"
    """维修队长."""
    DISPATCHER = "dispatcher"
    """值班调度."""
    DIRECTOR = "director"
    """中心主任."""
    BUREAU = "bureau"
    """水利局."""
