"""Fault scenarios of a rural water supply: what fails, when, and what residents report."""

from dataclasses import dataclass

ALL_YEAR = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
WINTER, SUMMER, RAINS = (12, 1, 2), (6, 7, 8), (7, 8, 9)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One kind of matter. `symptoms` are clauses a resident writes about their own village."""

    name: str
    category: str
    component: str | None
    weight: float
    months: tuple[int, ...]
    symptoms: tuple[str, ...]
    depends_on_weather: bool = False
    """Occurs in periods of frost, drought or storms only."""
    mean_households: float = 2.0
    """How many households complain of one such fault, on average."""


FAULT_SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        "main_burst",
        "outage",
        "network",
        1.2,
        ALL_YEAR,
        (
            "主管道爆了，全村都停水",
            "村口的大水管爆裂，水直往外冒，家家都没水用",
            "自来水主管断了，整个组都没有水",
            "管子爆了以后就再没来过水",
            "干管破裂停水，村上说要挖开才能修",
        ),
        mean_households=4.0,
    ),
    Scenario(
        "frost_burst",
        "pipe_leak",
        "network",
        3.0,
        WINTER,
        (
            "水管冻裂了，水流得满路都是，已经结成冰",
            "天冷把管子冻爆了，水一直往外喷",
            "路边的水管冻破了，白白流了一夜",
            "冻裂的管子喷水，门前结了一层冰，老人不敢出门",
            "埋得浅的水管冻坏漏水",
        ),
        depends_on_weather=True,
        mean_households=2.5,
    ),
    Scenario(
        "frozen_line",
        "outage",
        "service_line",
        2.0,
        WINTER,
        (
            "水管冻住了，家里没水",
            "龙头和水表都冻实了，一滴水都没有",
            "一降温入户的管子就冻，几户都吃不上水",
            "进户管冻住，烧开水烫了也不来水",
        ),
        depends_on_weather=True,
        mean_households=1.6,
    ),
    Scenario(
        "drought_well",
        "outage",
        "well",
        1.6,
        SUMMER,
        (
            "天旱井里没水了，好几天不供水",
            "水源井水位下降，抽不上水来",
            "机井见底，村里轮着供水，轮到我们就没有了",
            "水源枯了，水窖也快见底，吃水成了大问题",
        ),
        depends_on_weather=True,
        mean_households=3.0,
    ),
    Scenario(
        "drought_low",
        "low_pressure",
        "well",
        1.8,
        SUMMER,
        (
            "水小得像线一样，接一桶水要半个钟头",
            "白天几乎没水，半夜才来一点点",
            "水量太小，太阳能和热水器都打不着",
            "天一热水就小，高处的几户基本上不来水",
            "断断续续，一天只来两个小时的水",
        ),
        depends_on_weather=True,
        mean_households=2.2,
    ),
    Scenario(
        "storm_turbid",
        "water_quality",
        "tank",
        2.6,
        RAINS,
        (
            "一下雨水就浑，跟泥汤一样",
            "龙头放出来的是黄泥水，沉一夜盆底一层泥",
            "水发黄发浑，不敢吃也不敢洗衣服",
            "下暴雨后自来水变成泥水，村里娃喝了拉肚子",
            "水里有泥沙和草渣",
        ),
        depends_on_weather=True,
        mean_households=2.8,
    ),
    Scenario(
        "pump_failed",
        "outage",
        "pump",
        2.2,
        ALL_YEAR,
        (
            "停水了，听水管员说是水泵烧了",
            "水龙头没水，说是抽水的泵坏了要等配件",
            "潜水泵又坏了，水塔上不去水，全组停水",
            "泵坏了没人修，吃水要到邻村去拉",
            "一直停水，村干部说水泵送去修了",
        ),
        mean_households=2.8,
    ),
    Scenario(
        "power_tripped",
        "outage",
        "electrical",
        1.1,
        (6, 7, 8, 9, 12, 1),
        (
            "打雷把抽水房的电打坏了，停水到现在",
            "泵房的配电箱烧了，没有水",
            "抽水房老跳闸，一跳就停水",
            "水厂那边变频柜坏了，供不上水",
        ),
        mean_households=2.4,
    ),
    Scenario(
        "dug_up",
        "pipe_leak",
        "network",
        1.3,
        (3, 4, 5, 9, 10, 11),
        (
            "修路的挖机把水管挖断了，水到处流",
            "施工队挖沟碰破了自来水管，没人管就走了",
            "通村路改造把管子压裂了，一直漏",
            "埋光缆的把水管挖破，水把地都泡了",
        ),
        mean_households=2.2,
    ),
    Scenario(
        "old_pipe_leak",
        "pipe_leak",
        "network",
        1.8,
        ALL_YEAR,
        (
            "水管老化，接头处一直渗水",
            "路面底下管子漏水，路都塌下去一块",
            "巷道里的管子漏了很久，水白白流掉",
            "地埋管漏水，把我家墙根都泡软了",
            "闸阀井里往外冒水",
        ),
        mean_households=1.6,
    ),
    Scenario(
        "chlorine",
        "water_quality",
        "disinfection",
        1.0,
        ALL_YEAR,
        (
            "水里漂白粉味道太重，烧开了还呛人",
            "自来水一股消毒水味，泡茶没法喝",
            "水有刺鼻的药味",
            "这几天的水味道很大，娃不肯喝",
        ),
        mean_households=1.5,
    ),
    Scenario(
        "rust_and_scale",
        "water_quality",
        "network",
        1.0,
        ALL_YEAR,
        (
            "早上第一股水是红的，像铁锈水",
            "水垢特别厚，壶底一层白",
            "水里有黑色的渣子",
            "放出来的水发红，洗的白衣服都染了",
        ),
        mean_households=1.3,
    ),
    Scenario(
        "sand_in_well",
        "water_quality",
        "well",
        0.7,
        ALL_YEAR,
        (
            "水里带沙子，滤网两天就堵死",
            "龙头出来的水有细沙，把洗衣机都弄坏了",
            "水里沙多，接一盆能沉半指厚",
        ),
        mean_households=1.5,
    ),
    Scenario(
        "tank_leak",
        "low_pressure",
        "tank",
        0.8,
        ALL_YEAR,
        (
            "高位水池漏水存不住，水压上不来",
            "水塔不存水，二楼上不去水",
            "蓄水池裂了，晚上水压低得很",
        ),
        mean_households=1.8,
    ),
    Scenario(
        "peak_low",
        "low_pressure",
        "network",
        1.1,
        (1, 2, 7, 8),
        (
            "过年回来的人多，做饭时间就没压力",
            "水压太低，住在坡上的几家接不上水",
            "早晚用水高峰水就小得很",
            "新接的户多了，管子细，水压不够",
        ),
        mean_households=1.8,
    ),
    Scenario(
        "meter_leak",
        "pipe_leak",
        "meter",
        0.9,
        ALL_YEAR,
        (
            "水表井里漏水，表一直转",
            "水表接口漏，自己拧了拧还是滴",
            "换的新水表没几天就漏水",
        ),
        mean_households=1.0,
    ),
)
"""Physical faults: a component has failed and a crew must go."""
