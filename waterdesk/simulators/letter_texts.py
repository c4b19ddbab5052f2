"""The texts residents write: an operator's note, a letter to a leader, a few words on WeChat.

Every sentence was written for this file; none is from a real complaint.
"""

from dataclasses import dataclass
from random import Random

from .fault_scenarios import Scenario
from .submissions import Platform

SURNAMES = "赵钱孙李周吴郑王冯陈卫蒋沈韩杨朱秦许何吕张孔曹严魏姜戚谢邹喻"
GIVEN = "建国秀芳军平桂兰志强玉梅小红文斌淑珍海涛春燕永安长河新民彩霞"
NICKNAMES = (
    "秦岭脚下",
    "灞河人家",
    "白鹿原上",
    "在外游子",
    "普通村民",
    "塬上老汉",
    "一位母亲",
    "返乡青年",
)

_IMPACTS = {
    "outage": (
        "做饭洗衣都成问题",
        "家里有老人和小孩，吃水要到外面去挑",
        "只能买桶装水吃",
        "牲口都没水喝",
        "村民意见很大",
    ),
    "low_pressure": (
        "洗澡洗到一半就没水",
        "只能半夜起来存水",
        "做饭都接不够水",
        "家家拿桶排着接",
    ),
    "water_quality": (
        "担心吃了对身体不好",
        "不敢给娃喝",
        "只能到山上去接泉水",
        "烧开也不敢用",
    ),
    "pipe_leak": (
        "太浪费水了",
        "来往行人很不方便",
        "害怕把路基泡塌",
        "看着水白流心疼",
    ),
}
_OTHER_IMPACTS = ("问了几次都没有结果", "一直没人给个说法", "希望有人管一管")
_ASKS = (
    "希望尽快派人维修",
    "请尽快恢复正常供水",
    "请有关部门核实解决",
    "希望能给个准话，什么时候能弄好",
    "恳请领导过问",
    "要求彻底解决，不要修修补补",
)
_MATTER_ASKS = ("希望有关部门核实答复", "请给个明确的说法", "恳请领导过问", "请告知该找哪个部门")
_SINCE = (
    "从昨天晚上开始",
    "今天一早起",
    "这两天",
    "已经三天了，",
    "快一个星期了，",
    "从上个月底开始",
    "前天中午以来",
    "近半个月来",
)
_REPEATED = (
    "修了又坏，坏了又修，今年都第三回了",
    "上个月才修过，现在又是老样子",
    "年年这样，反映过好多次了",
    "前后修了好几次都管不了几天",
)
_TITLES = {
    "outage": ("停水问题", "村里停水无人管", "吃水难"),
    "low_pressure": ("水压低、水量小", "水太小没法用"),
    "water_quality": ("自来水浑浊有异味", "饮水水质问题", "水质差"),
    "pipe_leak": ("供水管道漏水", "水管漏水无人修"),
    "billing": ("水费问题", "水费收取不清"),
    "new_connection": ("未通自来水", "申请接通自来水"),
    "service": ("供水服务态度问题", "报修无人处理"),
    "other": ("供水咨询", "关于供水的建议"),
    "not_ours": ("生活问题反映", "民生诉求"),
}
_GREETINGS = ("尊敬的书记：您好！", "书记您好，", "领导好：", "尊敬的领导，您好！")
_BACKGROUNDS = (
    "我是{place}的村民。",
    "我家住{place}，全家五口人。",
    "我代表{place}几十户群众反映一件事。",
    "我在外打工，父母住在{place}。",
)
_THANKS = ("谢谢！", "盼回复。", "万分感谢！", "望领导重视，谢谢。", "")
_GROUPS = ("一组", "二组", "三组", "四组", "五组", "六组", "七组", "八组", "三、四组", "上村", "")
_MISTYPED = {
    "没": "莫",
    "怎么": "咋",
    "什么": "啥",
    "已经": "己经",
    "的时候": "时侯",
    "又": "有",
    "在": "再",
    "漂白粉": "漂白份",
    "水压": "水鸭",
    "一直": "一只",
}


@dataclass(frozen=True, slots=True)
class Household:
    """Who speaks. Invented: names by chance, numbers from a range that nobody is given."""

    name: str
    phone: str
    town: str
    village: str
    """As people say it: 西街村, not 西街村委会."""
    group: str
    house: int
    openid: str
    nickname: str

    @property
    def place(self) -> str:
        return f"{self.town}{self.village}{self.group}"


def household(random: Random, town: str, village: str) -> Household:
    """Somebody who lives there."""
    return Household(
        name=random.choice(SURNAMES) + "".join(random.sample(GIVEN, random.choice((1, 2, 2)))),
        phone=f"1380000{random.randrange(10_000):04d}",
        town=town,
        village=spoken_name(village),
        group=random.choice(_GROUPS),
        house=random.randrange(1, 120),
        openid="o" + "".join(random.choices("abcdefghjkmnpqrstuvwxyz0123456789", k=27)),
        nickname=random.choice(NICKNAMES),
    )


def spoken_name(village: str) -> str:
    return village.removesuffix("委会") if village.endswith("村委会") else village


def title(random: Random, platform: Platform, scenario: Scenario, who: Household) -> str:
    """What stands over it; WeChat messages have no title."""
    words = random.choice(_TITLES[scenario.category])
    match platform:
        case Platform.HOTLINE:
            return f"{who.town}{who.village}{words}"
        case Platform.BOARD:
            return random.choice(
                (f"{who.village}{words}", f"{who.town}{who.village}{words}", words)
            )
        case Platform.WECHAT:
            return ""


def complaint(
    random: Random,
    platform: Platform,
    scenario: Scenario,
    who: Household,
    *,
    repeated: bool = False,
    second: Scenario | None = None,
) -> str:
    """One complaint, in the tone of its platform. `second` is another topic in the same letter."""
    symptom = random.choice(scenario.symptoms)
    again = random.choice(_REPEATED) if repeated else ""
    impact = random.choice(_IMPACTS.get(scenario.category, _OTHER_IMPACTS))
    broken = scenario.category in _IMPACTS
    ask = random.choice(_ASKS if broken else _MATTER_ASKS)
    since = random.choice(_SINCE) if broken else ""
    match platform:
        case Platform.HOTLINE:
            return _note(random, who, since + symptom, again, impact, ask, second)
        case Platform.BOARD:
            return _letter(random, who, since + symptom, again, impact, ask, second)
        case Platform.WECHAT:
            return _chat(random, who, symptom, again)


def chase(random: Random, platform: Platform, scenario: Scenario, who: Household) -> str:
    """The same person asks again."""
    if platform is Platform.WECHAT:
        chat = random.choice(
            (
                "咋还没人来修",
                "上次说的事有人管没",
                "今天还是老样子 到底啥时候能好",
                "都几天了 给个话嘛",
                f"{who.village}的事还没处理吗",
            )
        )
        return _mistyped(random, chat)
    return random.choice(
        (
            f"来电人再次来电，{who.village}{random.choice(scenario.symptoms)}，至今无人联系，要求尽快处理。",
            "来电人催办：此前反映的问题仍未解决，请尽快答复。",
            "市民催单，称未接到任何部门电话，情绪激动，请承办单位重视。",
        )
    )


def addition(random: Random, who: Household) -> str:
    """What is added to a complaint afterwards."""
    return random.choice(
        (
            f"补充：隔壁{random.choice(_GROUPS[:8])}也是同样情况。",
            f"补充：具体位置在{who.village}村口往里走大约两百米。",
            "补充：家中有行动不便的老人，请尽快。",
            "补充：请上门前先打电话联系。",
        )
    )


def _note(
    random: Random,
    who: Household,
    symptom: str,
    again: str,
    impact: str,
    ask: str,
    second: Scenario | None,
) -> str:
    more = f"，{again}" if again else ""
    also = f"另反映{random.choice(second.symptoms)}。" if second else ""
    return random.choice(
        (
            f"来电人反映：{who.place}{symptom}{more}，{impact}，{ask}。{also}",
            f"市民来电称其住在{who.place}，{symptom}{more}。诉求：{ask}。{also}",
            f"来电人称{who.village}{who.group}{symptom}，{impact}{more}，"
            f"曾向村上反映未果，{ask}，并回复来电人。{also}",
            f"{who.place}村民来电，{symptom}{more}，现来电{ask}。{also}",
        )
    )


def _letter(
    random: Random,
    who: Household,
    symptom: str,
    again: str,
    impact: str,
    ask: str,
    second: Scenario | None,
) -> str:
    parts = [
        random.choice(_GREETINGS),
        random.choice(_BACKGROUNDS).format(place=who.place),
        f"我们这里{symptom}，{impact}。",
    ]
    if again:
        parts.append(f"{again}。")
    if second:
        parts.append(f"还有一件事，{random.choice(second.symptoms)}。")
    parts.append(f"{ask}。")
    parts.append(random.choice(_THANKS))
    return "".join(parts)


def _chat(random: Random, who: Household, symptom: str, again: str) -> str:
    where = random.choice(
        (who.place, who.village + who.group, who.village + who.group, who.village, "我们这")
    )
    tail = random.choice(("", "啥时候能修好", "有人管没", "赶紧来人看看", "都没人来"))
    words = [f"{where}{symptom}", again, tail]
    if random.random() < 0.3:
        return "，".join(filter(None, words)) + random.choice(("。", "！", "？"))
    return _mistyped(random, " ".join(filter(None, words)).replace("，", " "))


def _mistyped(random: Random, chat: str) -> str:
    """Replaces a character now and then, as typing on a phone does."""
    for right, wrong in _MISTYPED.items():
        if right in chat and random.random() < 0.15:
            chat = chat.replace(right, wrong, 1)
    return chat
