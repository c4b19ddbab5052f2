"""A county's files: read whole, or refused with the place and the reason."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from services.dispatch.county_file import BadCountyFile, Shift, read_county
from shared.auth.permissions import Role
from shared.vocabulary import Component

_COLUMNS = "id,name,kind,built_year,design_m3_per_day,people,households,components"
SCHEMES = f"""{_COLUMNS},responsible_posts
610124-s1,河口供水工程,千人,2003,300,3200,800,well;pump;network,副镇长;农水股负责人;站长
"""
VILLAGES = """code,village,town,scheme
610124001201,河口村,河镇,610124-s1
"""
MAIN: dict[str, Any] = {
    "county": "610124",
    "name": "测试县",
    "schemes": "schemes.csv",
    "villages": "villages.csv",
    "crews": [
        {
            "id": "610124-k1",
            "name": "维修队",
            "skills": ["pump"],
            "towns": ["河镇"],
            "shifts": [{"days": "mon-fri", "from": "08:00", "to": "18:00"}],
            "capacity": 3,
        }
    ],
    "staff": [{"name": "wang", "role": "crew", "crew": "610124-k1"}],
}


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    def write(schemes: str = SCHEMES, villages: str = VILLAGES, **changes: Any) -> Path:
        (tmp_path / "schemes.csv").write_text(schemes, encoding="utf-8-sig")
        (tmp_path / "villages.csv").write_text(villages, encoding="utf-8")
        main = tmp_path / "county.yaml"
        main.write_text(yaml.safe_dump(MAIN | changes, allow_unicode=True), encoding="utf-8")
        return main

    return write


def test_a_county_is_read(written: Callable[..., Path]) -> None:
    county = read_county(written())
    assert county.schemes[0].components == [Component.WELL, Component.PUMP, Component.NETWORK]
    assert county.schemes[0].responsible_posts == ["副镇长", "农水股负责人", "站长"]
    assert county.villages[0].scheme == "610124-s1"
    assert county.towns_of(county.crews[0]) == ["河镇"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"schemes": SCHEMES.replace("well;", "dam;")}, "schemes.csv, line 2: components"),
        ({"schemes": SCHEMES.replace("千人", "大型")}, "schemes.csv, line 2: kind"),
        ({"villages": VILLAGES.replace("610124-s1", "610124-s9")}, "no scheme 610124-s9"),
        ({"villages": VILLAGES + VILLAGES.splitlines()[1]}, "village 610124001201 stands twice"),
        ({"staff": [{"name": "li", "role": "crew"}]}, "staff li: which crew"),
        ({"staff": [{"name": "li", "role": "king"}]}, "staff.0.role"),
        ({"staff": [{"name": "li", "role": "admin", "wecom": "@all"}]}, "staff.0.wecom"),
        ({"staff": [{"name": "li", "role": "admin", "phone": "12345"}]}, "staff.0.phone"),
        ({"county": "610125"}, "610124-s1: an id begins with the county's code"),
        ({"villages": "code,village\n1,2\n"}, "villages.csv, line 2"),
        ({"crews": [MAIN["crews"][0] | {"towns": ["海镇"]}]}, "crew 610124-k1: no town 海镇"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_what_does_not_fit_is_named(
    written: Callable[..., Path], changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(BadCountyFile, match=said.replace(".", r"\.")):
        read_county(written(**changes))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadCountyFile, match=r"nowhere\.yaml"):
        read_county(tmp_path / "nowhere.yaml")


@pytest.mark.parametrize(
    ("days", "start", "end", "intervals"),
    [
        ("mon", "08:00", "18:00", [[0, 480, 1080]]),
        ("mon-wed", "00:00", "24:00", [[0, 0, 1440], [1, 0, 1440], [2, 0, 1440]]),
        ("sat-sun", "22:00", "06:00", [[5, 1320, 1440], [6, 0, 360], [6, 1320, 1440], [0, 0, 360]]),
        ("sun-mon", "08:00", "12:00", [[6, 480, 720], [0, 480, 720]]),
        ("fri", "18:00", "00:00", [[4, 1080, 1440]]),
    ],
)
def test_shifts(days: str, start: str, end: str, intervals: list[list[int]]) -> None:
    shift = Shift.model_validate({"days": days, "from": start, "to": end})
    assert list(shift.intervals()) == intervals


@pytest.mark.parametrize("shift", [("day", "08:00", "18:00"), ("mon", "25:00", "26:00")])
def test_a_shift_that_is_none(shift: tuple[str, str, str]) -> None:
    with pytest.raises(ValidationError):
        Shift.model_validate(dict(zip(("days", "from", "to"), shift, strict=True)))


def test_in_the_demo_county_somebody_can_mend_everything_everywhere() -> None:
    county = read_county()
    towns = {village.town for village in county.villages}
    for town in towns:
        for component in Component:
            able = [
                crew
                for crew in county.crews
                if not crew.office and component in crew.skills and town in county.towns_of(crew)
            ]
            assert len(able) >= 2, (town, component)
        assert any(crew.office and town in county.towns_of(crew) for crew in county.crews)


def test_the_demo_county_has_somebody_in_every_role_and_no_password() -> None:
    county = read_county()
    assert {staff.role for staff in county.staff} == set(Role)
    main = (Path(read_county.__code__.co_filename).parent / "demo_county/county.yaml").read_text()
    assert "password" not in main


def test_every_village_of_the_demo_county_drinks_from_one_scheme() -> None:
    county = read_county()
    assert len({village.code for village in county.villages}) == 352
    served = {village.scheme for village in county.villages}
    assert served == {scheme.id for scheme in county.schemes}
    assert all(1998 <= scheme.built_year <= 2022 for scheme in county.schemes)
    assert {scheme.kind for scheme in county.schemes} == {
        "城市管网延伸", "千吨万人", "千人", "百人", "分散",
    }  # fmt: skip
