"""Categories of letters: a table a clerk could read, traps, and what must always hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.rules.categories import CLEAR_ENOUGH, Categorised, component_hint
from services.intake.rules.categories import categorise as categorise_letter
from services.intake.rules.letter import letter_of
from services.intake.rules.lexicon import Elsewhere
from shared.vocabulary import Category, Component
from tests.unit.intake.letters import OPEN, SURE, Read
from tests.unit.intake.more_letters import CLEAR, UNCLEAR


def categorise(title: str, text: str) -> Categorised:
    return categorise_letter(letter_of(title, text))


A_LETTER = st.sampled_from(SURE)
ANY_TEXT = st.text(max_size=300)


@pytest.mark.parametrize("letter", SURE + CLEAR, ids=lambda letter: letter.text[:16])
def test_reads_as_a_clerk_would(letter: Read) -> None:
    found = categorise(letter.title, letter.text)
    assert found.category == letter.category
    assert found.is_ours == (letter.category is not Category.NOT_OURS)
    assert letter.second is None or found.second_category == letter.second
    assert letter.urgent in (None, found.urgent)
    assert letter.repeated in (None, found.says_repeated)
    assert letter.second or not found.needs_human


@pytest.mark.parametrize("letter", OPEN + UNCLEAR, ids=lambda letter: letter.text[:16])
def test_what_the_words_leave_open_waits_for_a_person(letter: Read) -> None:
    assert categorise(letter.title, letter.text).needs_human


@pytest.mark.parametrize(
    ("text", "category"),
    [
        pytest.param("水压不低，就是水费贵得离谱。", Category.BILLING, id="denied: 不低"),
        pytest.param("水管已经不漏了，只是水压变小了。", Category.LOW_PRESSURE, id="over: 不漏了"),
        pytest.param(
            "最近没有停水，但是水发黄有异味。", Category.WATER_QUALITY, id="denied: 没有停水"
        ),
        pytest.param(
            "不是停水，是水压太小，上不了楼。", Category.LOW_PRESSURE, id="not this but that"
        ),
        pytest.param(
            "不是停水就是水小，日子没法过。", Category.OUTAGE, id="either or denies nothing"
        ),
        pytest.param("以前经常停水，现在是水浑得不能喝。", Category.WATER_QUALITY, id="long past"),
        pytest.param("下雨房顶漏水，找物业不管。", Category.NOT_OURS, id="the roof leaks"),
        pytest.param("暖气管道漏水，热力公司不修。", Category.NOT_OURS, id="the heating leaks"),
        pytest.param("污水管破裂，臭水满街流。", Category.NOT_OURS, id="the sewer breaks"),
        pytest.param(
            "物业无故停水停电逼交物业费。", Category.NOT_OURS, id="cut off by the manager"
        ),
        pytest.param("水泥厂粉尘大，水果都没法卖。", Category.NOT_OURS, id="水 in other words"),
        pytest.param(
            "空调水平差，风水不好，缺水果。", Category.NOT_OURS, id="水 in more other words"
        ),
        pytest.param(
            "家里水管漏水，流得院子都是。", Category.PIPE_LEAK, id="a pipe at home is ours"
        ),
        pytest.param("自来水费怎么又涨了？", Category.BILLING, id="the price of water"),
    ],
)
def test_traps(text: str, category: Category) -> None:
    assert categorise("", text).category == category


@pytest.mark.parametrize(
    ("text", "whose"),
    [
        ("楼上卫生间漏水泡了天花板。", Elsewhere.BUILDING_LEAK),
        ("暖气不热，供暖公司推脱。", Elsewhere.HEATING),
        ("天然气停气没人通知。", Elsewhere.GAS),
        ("下水道堵了，污水外溢。", Elsewhere.SEWAGE),
        ("水渠坏了没法灌溉。", Elsewhere.RIVER_AND_FIELDS),
        ("村道积水，排水沟不通。", Elsewhere.DRAINAGE),
    ],
)
def test_says_whose_it_is_when_it_is_not_ours(text: str, whose: Elsewhere) -> None:
    assert categorise("", text).elsewhere is whose


def test_a_passing_mention_of_water_does_not_make_a_gas_letter_ours() -> None:
    text = (
        "天然气又停气了，燃气公司从不通知。小区里停水停电停气是常事，这次停气已经两天，做不了饭。"
    )
    assert not categorise("天然气停气", text).is_ours


def test_a_water_complaint_among_others_is_not_lost() -> None:
    text = "村里路灯坏了，垃圾没人清。还有自来水停了三天，一滴水都没有，大家去沟里挑水。"
    found = categorise("反映村里的几件事", text)
    assert found.is_ours
    assert found.category is Category.OUTAGE


def test_an_evening_outage_every_day_is_not_days_on_end() -> None:
    assert not categorise("", "每天晚上停水，已经两个月了。").urgent
    assert categorise("", "停水已经三天了，一直没来。").urgent


@pytest.mark.parametrize(
    ("text", "component"),
    [
        ("机井的水泵烧了，抽不上水。", Component.PUMP),
        ("泵房跳闸，全村没水。", Component.ELECTRICAL),
        ("一股漂白粉味。", Component.DISINFECTION),
        ("水塔裂了，存不住水。", Component.TANK),
        ("村口主管道爆了。", Component.NETWORK),
        ("水表自转，没用水也走。", Component.METER),
        ("井里抽上来的全是沙。", Component.WELL),
        ("我家院子里的水管冻裂了。", Component.SERVICE_LINE),
        ("没水了。", None),
    ],
)
def test_component_hint(text: str, component: Component | None) -> None:
    assert component_hint(categorise("", text).category, letter_of("", text)) is component


def test_where_nothing_is_named_a_leak_points_to_the_network() -> None:
    assert component_hint(Category.PIPE_LEAK, letter_of("", "漏水")) is Component.NETWORK
    assert component_hint(Category.NOT_OURS, letter_of("", "水泵坏了")) is None


@given(title=ANY_TEXT, text=ANY_TEXT)
def test_any_text_has_a_consistent_answer(title: str, text: str) -> None:
    found = categorise(title, text)
    assert found == categorise(title, text)
    assert 0.0 <= found.category_confidence <= 1.0
    assert found.is_ours == (found.category is not Category.NOT_OURS)
    assert found.second_category not in (found.category, Category.NOT_OURS, Category.OTHER)
    assert found.needs_human == (found.category_confidence < CLEAR_ENOUGH)


@given(letter=A_LETTER, data=st.data())
def test_white_space_and_full_width_change_nothing(letter: Read, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(letter.text)))
    gap = data.draw(st.sampled_from([" ", "\n", "\u3000", "\t\r\n", "\u200b", "\ufeff"]))
    widened = letter.text[:at] + gap + letter.text[at:]
    halved = widened.translate(str.maketrans("，！？；：", ",!?;:"))
    assert categorise(letter.title, halved) == categorise(letter.title, letter.text)


@given(
    letter=A_LETTER,
    aside=st.sampled_from(
        [
            "谢谢领导。",
            "祝工作顺利！",
            "我今年六十二岁。",
            "村里风景很好。",
            "盼复。",
            "辛苦各位了。",
        ]
    ),
    first=st.booleans(),
)
def test_an_unrelated_sentence_flips_nothing(letter: Read, aside: str, first: bool) -> None:
    alone = categorise(letter.title, letter.text)
    text = f"{aside}{letter.text}" if first else f"{letter.text}{aside}"
    beside = categorise(letter.title, text)
    assert (beside.category, beside.urgent) == (alone.category, alone.urgent)


@given(letter=A_LETTER)
def test_reasons_are_names_and_never_the_residents_words(letter: Read) -> None:
    for reason in categorise(letter.title, letter.text).reasons:
        assert reason.isascii()
        assert reason.replace("_", "").isalpha()


@given(letter=A_LETTER)
def test_saying_it_again_in_the_title_does_not_weaken_it(letter: Read) -> None:
    told_twice = categorise(letter.text, letter.text)
    assert told_twice.category == categorise("", letter.text).category or letter.second


@pytest.mark.parametrize(
    "unit", ["1", "水", "没水1", "停水", "三、", "樊家村", "屋顶漏水", "水费3"]
)
def test_a_very_long_letter_is_read_through(unit: str) -> None:
    """Patterns that look further and further ahead would never come back from these."""
    assert categorise(unit, unit * 5000).category in Category
