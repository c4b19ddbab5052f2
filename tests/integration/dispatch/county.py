"""A small made-up county: two schemes, four villages, two crews, an office."""

from services.dispatch.county_file import County, CrewPart, SchemeRow, Shift, StaffPart, VillageRow
from shared.auth.permissions import Role
from shared.auth.tokens import Person
from shared.vocabulary import Component

COUNTY = "610122"
HILL, PLAIN = "610122-hill", "610122-plain"
"""Schemes: one with a well of its own, one on the city's mains."""
HILL_A, HILL_B, PLAIN_A, PLAIN_B = "610122001201", "610122001202", "610122001203", "610122001204"
EAST, WEST, DESK = "610122-east", "610122-west", "610122-desk"
"""Crews."""

DISPATCHER = Person("wang", Role.DISPATCHER, COUNTY)
EAST_CREW = Person("li", Role.CREW, COUNTY, EAST)
WEST_CREW = Person("zhao", Role.CREW, COUNTY, WEST)
SUPERVISOR = Person("chen", Role.SUPERVISOR, COUNTY)
ELSEWHERE = Person("sun", Role.DISPATCHER, "610124")

_ALL = list(Component)
_DAY = [Shift.model_validate({"days": "mon-sun", "from": "08:00", "to": "18:00"})]


def _scheme(scheme_id: str, name: str, components: list[Component]) -> SchemeRow:
    return SchemeRow(
        id=scheme_id,
        name=name,
        kind="千人",
        built_year=2004,
        design_m3_per_day=300,
        people=3200,
        households=800,
        components=components,
        responsible_posts=["镇政府分管副镇长", "县水务局农水股负责人", "供水站站长"],
    )


def _crew(crew_id: str, name: str, capacity: int, *, office: bool = False) -> CrewPart:
    return CrewPart(
        id=crew_id,
        name=name,
        office=office,
        skills=[] if office else _ALL,
        towns="all",
        shifts=_DAY,
        capacity=capacity,
    )


def small_county(*, capacity: int = 3) -> County:
    """`capacity`: of each of the two repair crews."""
    return County(
        county=COUNTY,
        name="测试县",
        schemes=[
            _scheme(HILL, "岭上供水工程", _ALL),
            _scheme(PLAIN, "川道管网延伸", [Component.NETWORK, Component.METER]),
        ],
        villages=[
            VillageRow(code=HILL_A, village="岭上村", town="岭镇", scheme=HILL),
            VillageRow(code=HILL_B, village="岭下村", town="岭镇", scheme=HILL),
            VillageRow(code=PLAIN_A, village="川东村", town="川镇", scheme=PLAIN),
            VillageRow(code=PLAIN_B, village="川西村", town="川镇", scheme=PLAIN),
        ],
        crews=[
            _crew(EAST, "东队", capacity),
            _crew(WEST, "西队", capacity),
            _crew(DESK, "办公室", 50, office=True),
        ],
        staff=[
            StaffPart(name="wang", role=Role.DISPATCHER),
            StaffPart(name="li", role=Role.CREW, crew=EAST),
        ],
    )
