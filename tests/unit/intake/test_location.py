"""Which village a letter speaks of: the traps as tables, and every village of the demo county."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.gazetteer import load_gazetteer
from services.intake.rules.gazetteer import Gazetteer, Village, folded, spoken_name
from services.intake.rules.letter import letter_of
from services.intake.rules.location import SURE_ENOUGH, Place, locate
from services.intake.rules.village_groups import GROUP, group_name

LANTIAN = load_gazetteer()
FANJIA_IN_SANLI = "610122107226"
FANJIA_IN_MENGCUN = "610122119200"


def place_of(text: str, *, title: str = "", address: str | None = None) -> Place:
    return locate(LANTIAN, letter_of(title, text), address)


def village_of(text: str, *, title: str = "", address: str | None = None) -> str | None:
    place = place_of(text, title=title, address=address)
    return f"{place.town}{place.village}" if place.village else None


def test_the_demo_county_has_352_villages_in_19_towns() -> None:
    assert len(LANTIAN.villages) == 352
    assert len({village.town for village in LANTIAN.villages.values()}) == 19


@pytest.mark.parametrize("village", LANTIAN.villages.values(), ids=lambda v: v.town + v.name)
@pytest.mark.parametrize(
    "form",
    [
        "{town}{name}三组停水",
        "家住蓝田县{town}{name}3组，没水。",
        "{town}的{name}第三村民小组水压低",
    ],
)
def test_town_village_and_group_find_every_village(village: Village, form: str) -> None:
    place = place_of(form.format(town=village.town, name=village.spoken_name))
    assert place.village_code == village.code
    assert place.group == "三组"
    assert place.confidence >= 0.9


@pytest.mark.parametrize("village", LANTIAN.villages.values(), ids=lambda v: v.town + v.name)
def test_a_name_alone_finds_its_village_or_all_that_share_it(village: Village) -> None:
    same = {v.code for v in LANTIAN.villages.values() if v.spoken_name == village.spoken_name}
    place = place_of(f"{village.spoken_name}停水了")
    assert (place.village_code is None) == (len(same) > 1)
    assert {place.village_code} == same or set(place.candidates) == same


def test_a_name_that_two_towns_have_waits_for_the_town() -> None:
    place = place_of("樊家村三组停水")
    assert place.village_code is None
    assert place.candidates == (FANJIA_IN_SANLI, FANJIA_IN_MENGCUN)
    assert place.group == "三组"
    assert place.confidence < SURE_ENOUGH


@pytest.mark.parametrize(
    ("text", "title", "address", "code"),
    [
        pytest.param("三里镇樊家村停水", "", None, FANJIA_IN_SANLI, id="town before it"),
        pytest.param("孟村樊家村停水", "", None, FANJIA_IN_MENGCUN, id="town without 镇"),
        pytest.param("樊家三组停水", "孟村镇停水", None, FANJIA_IN_MENGCUN, id="town in the title"),
        pytest.param(
            "樊家村停水", "", "三里镇樊家村", FANJIA_IN_SANLI, id="village in the address"
        ),
        pytest.param("樊家村停水", "", "蓝田县孟村镇", FANJIA_IN_MENGCUN, id="town in the address"),
        pytest.param("樊家三组。我们是孟村镇的", "", None, FANJIA_IN_MENGCUN, id="town told later"),
    ],
)
def test_a_named_town_decides(text: str, title: str, address: str | None, code: str) -> None:
    assert place_of(text, title=title, address=address).village_code == code


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("樊家坡三组停水", "焦岱镇樊家坡村委会", id="樊家坡 is not 樊家村"),
        pytest.param("樊家坡村停水", "焦岱镇樊家坡村委会", id="the longest name wins"),
        pytest.param("蓝田县普化镇马湾村五组", "普化镇马湾村委会", id="county before the town"),
        pytest.param("普化马湾五队没水", "普化镇马湾村委会", id="no 镇, no 村, an old 队"),
        pytest.param("泄湖镇十里铺没水", "洩湖镇十里铺村委会", id="泄 for 洩"),
        pytest.param("三里街办杨村没水", "三里镇杨村委会", id="街办 for 镇"),
        pytest.param("许庙二组没水", "玉山镇许庙村委会", id="a stem with a group"),
        pytest.param("许庙没水", None, id="a short stem alone is nothing"),
        pytest.param("家门口水泉边的水管没水", None, id="水泉 is also a word"),
        pytest.param("我们友谊长存，家里没水", None, id="友谊 is also a word"),
        pytest.param("刘村长不管，我家没水", None, id="刘村长 is a person"),
        pytest.param("刘村停水", "前卫镇刘村委会", id="刘村 is a village"),
        pytest.param("向阳路修路挖断水管", None, id="a road named like an estate"),
        pytest.param("前卫镇停水", None, id="a town is not its village"),
        pytest.param("前卫镇前卫村停水", "前卫镇前卫村委会", id="a village named like its town"),
        pytest.param("安村三组停水", "安村镇安村委会", id="安村 the village"),
        pytest.param("安村镇府庄村停水", "安村镇府庄村委会", id="安村 the town"),
        pytest.param("厚镇清峪村没水", "厚镇清峪村委会", id="厚镇 is the town's whole name"),
        pytest.param("厚镇村没水", "厚镇厚镇村委会", id="厚镇村 is a village"),
    ],
)
def test_names_as_people_write_them(text: str, expected: str | None) -> None:
    assert village_of(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("我从三里镇嫁到孟村镇樊家村，这里停水", "孟村镇樊家村委会", id="married into"),
        pytest.param(
            "我娘家在许庙村，现在住马河村，马河村停水", "三里镇马河村委会", id="mother's home"
        ),
        pytest.param(
            "马河村都有水，就我们青羊庄村没水", "三里镇青羊庄村委会", id="the others have water"
        ),
        pytest.param(
            "隔壁马河村早通了水，青羊庄村还没通", "三里镇青羊庄村委会", id="the next village"
        ),
        pytest.param(
            "我去许庙村拉水吃，我们栗家村停水", "普化镇栗家村委会", id="where water is fetched"
        ),
    ],
)
def test_a_place_named_in_passing_is_not_the_place(text: str, expected: str) -> None:
    assert village_of(text) == expected


def test_several_villages_in_one_breath_wait_for_a_person() -> None:
    place = place_of("马河村、青羊庄村都停水了")
    assert place.village_code is None
    assert len(place.candidates) == 2
    assert place.town == "三里镇"


def test_bare_names_in_a_list_count() -> None:
    place = place_of("普化镇的马湾、马楼两个村停水")
    assert place.village_code is None
    assert len(place.candidates) == 2
    assert place.is_doubtful


def test_of_two_villages_the_one_beside_the_complaint_wins_but_less_surely() -> None:
    place = place_of("我是马河村的人，在县城上班，听家里人说前天亲戚去看了，栗家村停水。")
    assert place.village == "栗家村委会"
    assert place.confidence < 0.9
    assert len(place.candidates) == 2


def test_a_town_that_does_not_fit_the_village_leaves_doubt() -> None:
    place = place_of("洩湖镇陶沟村停水")
    assert place.confidence < SURE_ENOUGH


def test_the_letter_goes_before_the_address() -> None:
    assert village_of("许庙村停水", address="三里镇马河村") == "玉山镇许庙村委会"
    assert village_of("家里停水了", address="三里镇马河村四组") == "三里镇马河村委会"
    assert place_of("家里停水了", address="三里镇马河村四组").group == "四组"


def test_a_town_alone_is_half_an_answer() -> None:
    place = place_of("三里镇停水")
    assert (place.town, place.village_code) == ("三里镇", None)
    assert 0 < place.confidence < SURE_ENOUGH


def test_the_county_decides_between_two_counties() -> None:
    both = Gazetteer(
        [
            Village("1", "王村委会", "东镇", "甲县"),
            Village("2", "王村委会", "西镇", "乙县"),
        ]
    )
    assert locate(both, letter_of("", "乙县王村停水"), None).village_code == "2"
    assert locate(both, letter_of("", "王村停水"), None).candidates == ("1", "2")


@pytest.mark.parametrize(
    ("listed", "spoken"),
    [
        ("北门村委会", "北门村"),
        ("北门村民委员会", "北门村"),
        ("李村村委会", "李村"),
        ("刘村委会", "刘村"),
        ("城关社区居委会", "城关社区"),
        ("城关社区居民委员会", "城关社区"),
        ("城关居委会", "城关社区"),
        ("北关村居委会", "北关村"),
        ("北关社区村委会", "北关社区"),
        ("城关社区", "城关社区"),
        ("北门村", "北门村"),
        ("红旗林场", "红旗林场"),
        ("村委会", "村委会"),
    ],
)
def test_people_read_the_place_and_not_its_committee(listed: str, spoken: str) -> None:
    assert spoken_name(listed) == spoken


@pytest.mark.parametrize(
    ("listed", "text"),
    [
        ("北门村民委员会", "城关镇北门村停水"),
        ("北门村委会", "我是北门村民委员会三组的,停水了"),
        ("北门村委会", "北门村村委会附近水管漏了"),
        ("城关社区居委会", "城关社区停水两天"),
        ("城关社区居委会", "城关社区居委会门口漏水"),
        ("城关居委会", "城关社区没水"),
        ("城关社区", "城关居委会这边没水"),
        ("李村村民委员会", "我们李村没水"),
        ("柳树沟", "柳树沟村停水"),
    ],
)
def test_any_gazetteers_way_of_naming_meets_any_residents(listed: str, text: str) -> None:
    place = locate(Gazetteer([Village("1", listed, "城关镇")]), letter_of("", text), None)
    assert (place.village_code, place.village) == ("1", listed)
    assert place.confidence >= SURE_ENOUGH


def test_a_longer_name_is_not_the_village_it_ends_in() -> None:
    ours = Gazetteer([Village("1", "河口村委会", "辋川镇")])
    assert locate(ours, letter_of("", "昨晚河口村停水"), None).confidence >= SURE_ENOUGH
    for text in ("杨河口村停水", "东河口村停水"):
        assert locate(ours, letter_of("", text), None).confidence < SURE_ENOUGH


def test_a_village_of_another_town_or_county_is_only_a_guess_for_a_person() -> None:
    ours = Gazetteer([Village("1", "新华村委会", "安村镇", "甲县")])
    for text in ("石期市镇新华村停水", "乙县新华村停水"):
        place = locate(ours, letter_of("", text), None)
        assert (place.village, place.candidates) == (None, ("1",))
        assert place.is_doubtful
    for text in ("甲县新华村停水", "甲县安村镇新华村停水", "我们新华村停水"):
        assert locate(ours, letter_of("", text), None).village_code == "1"


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("三组", "三组"),
        ("3组", "三组"),
        ("３组", "三组"),
        ("第三小组", "三组"),
        ("第五村民小组", "五组"),
        ("七、八组", "七、八组"),
        ("七八组", "七、八组"),
        ("7,8组", "七、八组"),
        ("十二组", "十二组"),
        ("12组", "十二组"),
        ("20组", "二十组"),
        ("二十三组", "二十三组"),
        ("1-3组", "一至三组"),
        ("一至三组", "一至三组"),
        ("一、二、三组", "一、二、三组"),
        ("东组", "东组"),
        ("一组和二组", "一、二组"),
        ("三组、第五组", "三、五组"),
    ],
)
def test_groups_are_written_one_way(written: str, name: str) -> None:
    assert place_of(f"马河村{written}停水").group == name


@pytest.mark.parametrize("text", ["我们村有七个小组", "工作组来过", "维修组没来", "一组组数字"])
def test_what_only_looks_like_a_group(text: str) -> None:
    found = GROUP.search(text)
    assert found is None or group_name(found) == "一组"


def test_the_group_belongs_to_the_village_it_stands_behind() -> None:
    assert place_of("隔壁马河村二组有水，我们青羊庄村五组没水").group == "五组"


@given(text=st.text(max_size=200), title=st.text(max_size=50), address=st.none() | st.text())
def test_any_text_has_a_place_that_holds_together(
    text: str, title: str, address: str | None
) -> None:
    place = locate(LANTIAN, letter_of(title, text), address)
    assert 0.0 <= place.confidence <= 1.0
    assert (place.village_code is None) == (place.village is None)
    assert place == locate(LANTIAN, letter_of(title, text), address)


@given(
    pieces=st.lists(
        st.sampled_from(
            [v.spoken_name for v in list(LANTIAN.villages.values())[::9]]
            + [v.town for v in list(LANTIAN.villages.values())[::30]]
            + ["停水", "，", "。", "、", "三组", "从", "到", "的", "都有水", "村", "镇", "长", "东"]
        ),
        max_size=12,
    )
)
def test_any_pile_of_names_resolves_to_a_village_that_was_named(pieces: list[str]) -> None:
    text = "".join(pieces)
    place = locate(LANTIAN, letter_of("", text), None)
    for code in (place.village_code, *place.candidates):
        if code is not None:
            stem = LANTIAN.villages[code].spoken_name.removesuffix("村").removesuffix("社区")
            assert stem in text


def test_the_trie_finds_what_a_plain_search_finds() -> None:
    """Independent oracle: str.find of every full name, the longest at each place."""
    text = "".join(f"在{v.spoken_name}和" for v in LANTIAN.villages.values())
    names = {v.spoken_name for v in LANTIAN.villages.values()}
    expected = {
        (at, at + len(name))
        for name in names
        for at in range(len(text))
        if text.startswith(f"在{name}和", at - 1) and at
    }
    found = {(m.begin, m.end) for m in LANTIAN.mentions(folded(text))}
    assert expected <= found
