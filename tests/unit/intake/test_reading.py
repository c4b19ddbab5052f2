"""The first decision as others hear it."""

from datetime import UTC, datetime

from services.intake.gazetteer import load_gazetteer
from services.intake.platforms.incoming import Incoming, Kind, Platform, Resident
from services.intake.reading import read

LANTIAN = load_gazetteer()


def complaint(text: str, address: str | None = None) -> Incoming:
    return Incoming(
        platform=Platform.HOTLINE_12345,
        external_id="1",
        delivery_id="1-1",
        kind=Kind.COMPLAINT,
        county="610122",
        title="",
        text=text,
        sent_at=datetime(2026, 10, 12, tzinfo=UTC),
        raw=b"{}",
        resident=Resident(address_line=address),
    )


def test_a_decision_names_the_village_as_people_say_it() -> None:
    decision = read(complaint("三里镇马河村三组停水五天了"), LANTIAN).decision
    assert LANTIAN.villages[decision.village_code or ""].name == "马河村委会"
    assert (decision.town, decision.village, decision.group) == ("三里镇", "马河村", "三组")


def test_the_address_places_what_the_words_do_not() -> None:
    decision = read(complaint("水龙头没水了", "蓝田县三里镇马河村3组"), LANTIAN).decision
    assert (decision.village, decision.group, decision.needs_human) == ("马河村", "三组", False)
    assert read(complaint("水龙头没水了"), LANTIAN).decision.needs_human
