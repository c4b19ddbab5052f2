"""Made-up deliveries. Nobody in them exists."""

from datetime import datetime, timedelta

from services.intake.platforms.incoming import Incoming, Kind, Platform, Resident
from tests.conftest import NOW

COUNTY = "610122"
SENT = NOW - timedelta(hours=2)
RESIDENT = Resident(name="测试甲", phone="13900000001", address_line="三里镇樊家村三组12号")


def ticket(
    number: str = "XA-1",
    change: str | None = None,
    *,
    text: str = "我们三里镇樊家村三组从昨天早上停水，到现在一滴水都没有。",
    title: str = "停水两天",
    changed_at: datetime | None = None,
    time_limit: str | None = "5个工作日",
    resident: Resident = RESIDENT,
) -> Incoming:
    """A 12345 order as it stands after the change of this id."""
    return Incoming(
        platform=Platform.HOTLINE_12345,
        external_id=number,
        delivery_id=change or f"{number}/new",
        kind=Kind.COMPLAINT,
        county=COUNTY,
        title=title,
        text=text,
        sent_at=SENT,
        changed_at=changed_at or SENT,
        raw=f"{number} {text}".encode(),
        time_limit=time_limit,
        resident=resident,
    )


def chase(
    number: str = "XA-1", change: str = "c-1", *, stated_at: datetime = NOW, text: str = "催一下"
) -> Incoming:
    """催办 of a 12345 order."""
    return Incoming(
        platform=Platform.HOTLINE_12345,
        external_id=number,
        delivery_id=change,
        kind=Kind.CHASE,
        county=COUNTY,
        title=text,
        text=text,
        sent_at=SENT,
        changed_at=stated_at,
        raw=text.encode(),
        resident=RESIDENT,
    )


def message(
    number: str, text: str, *, openid: str = "oTest0001", stated_at: datetime = NOW
) -> Incoming:
    """One WeChat message of one follower."""
    return Incoming(
        platform=Platform.WECHAT,
        external_id=number,
        delivery_id=number,
        kind=Kind.COMPLAINT,
        county=COUNTY,
        title=text[:20],
        text=text,
        sent_at=stated_at,
        raw=text.encode(),
        resident=Resident(handle=openid),
    )
