"""The words of matters that carry 水 or 漏 and yet are somebody else's.

Entries that explain away are taken out of the text before our own words are looked for.
"""

from services.intake.rules.lexicon import Cue, Elsewhere, cue, words

_BUILDING = (
    "(?:房屋|房子|住房|房间|屋顶|楼顶|房顶|屋面|天花板?|外墙|墙面|墙体|墙壁|内墙|阳台|卫生间|厕所|厨房|主卫|飘窗|窗户|"
    "车库|停车场|地下室|电梯|楼上|楼下|顶楼|顶层|天沟|防水层?|教室|宿舍楼?顶|楼板|雨棚|大棚|廉租房)"
)

ELSEWHERE_CUES: tuple[Cue, ...] = (
    cue(
        "heating_leak",
        Elsewhere.HEATING,
        3,
        r"(?:暖气|供暖|供热|取暖|地暖|热力|采暖|暖)(?:主|支|的|公共|总|片|管|道|网|外|阀){0,4}…(?:漏水?|爆|渗水?|裂|滴水|没水)|热水供应|停(?:供)?热水",
        explains_away=True,
    ),
    cue(
        "heating",
        Elsewhere.HEATING,
        2,
        r"暖气|供暖|供热|取暖|热力|地暖|停暖|壁挂炉|采暖|不热|室温|温度|锅炉|煤改电|清洁能源|受冻|挨冻",
    ),
    cue(
        "gas",
        Elsewhere.GAS,
        2,
        r"天然气|天燃气|燃气(?!灶|热水器)|煤气|停气|断气|通气|供气|气费|煤改气|液化气|气价|用气",
    ),
    cue(
        "power",
        Elsewhere.POWER,
        2,
        r"停电|断电|电费|电压|电网|供电|变压器|路灯|跳闸停|通电|电价|用电|电线|起火",
    ),
    cue(
        "building_leak",
        Elsewhere.BUILDING_LEAK,
        4,
        rf"""{_BUILDING}(?:(?!水管|龙头|水表|阀)[^。!?;:]){{0,12}}?(?:漏水|渗水|漏雨|渗漏|反水|返水|(?<!一)滴水|漏)|(?:漏水|渗水)(?:到|至|的)?(?:楼下|室内|墙|天花|房)
        |防水(?:没|层|做|工程)|漏水房|漏雨|(?:下雨|雨天|落雨)[^。!?;]{{0,10}}?(?:漏|渗)水?""",
        explains_away=True,
    ),
    cue(
        "sewage",
        Elsewhere.SEWAGE,
        3,
        r"污水(?!费)(?:管道?|井|处理厂?|横流)?(?:[^,。;!?:]{0,6}?(?:破裂|漏|堵|外溢|爆|断))?|下水道?(?:管)?|排污管?|化粪池|粪水|臭水沟?|窨井|雨污|"
        r"(?:管道?|厨房[^,。]{0,4}|马桶|地漏)(?:[^,。;!?:]{0,4})堵塞?|反水|臭气",
        explains_away=True,
    ),
    cue(
        "drainage",
        Elsewhere.DRAINAGE,
        3,
        r"排水(?:管道?|沟|渠|系统|不畅|口|立管|设施)?|积水|内涝|洪水|雨水(?!收集)|水沟|水淹|受淹|被淹|防汛|清淤|排洪",
        explains_away=True,
    ),
    cue(
        "river_and_fields",
        Elsewhere.RIVER_AND_FIELDS,
        3,
        r"(?:浇地|灌溉|浇水|抗旱|水渠|渠里|庄稼|农田|果园|玉米)…(?:没水|缺水|无水|停水|断水)|河道|河水|水渠|渠道|灌溉|浇地|浇水|农田|浇灌|(?:鱼|池|水)塘(?!村)|堤坝|河堤|抗旱保苗|种地|水土|采砂|挖沙|涝池|水利设施|水坝",
        explains_away=True,
    ),
    cue(
        "cut_off_by_property_manager",
        Elsewhere.PROPERTY_MANAGEMENT,
        5,
        r"""物业[^,。;!?:]{0,10}?(?:无故|强行|恶意|违规|违法|私自|擅自|随意|故意|威胁|直接|就|多次|经常|频繁)[^,。;!?:]{0,6}?(?:停|断|关)了?(?:水|我|业主|电)
        [^,。;!?:]{0,6}|被物业[^,。;!?:]{0,4}(?:停|断|关)水?|(?:房东|开发商)[^,。;!?:]{0,6}(?:停|断|关)了?水|(?:停|断)水(?:、|和|又|、)?(?:停|断)电(?=[^。]{0,10}物业)""",
        explains_away=True,
    ),
    cue(
        "property_management",
        Elsewhere.PROPERTY_MANAGEMENT,
        2,
        r"物业费|业委会|业主委员会",
    ),
    cue(
        "built_and_sold",
        Elsewhere.PROPERTY_MANAGEMENT,
        1,
        r"物业管理|开发商|购房|楼盘|交房|装修|房产|维修基金|质保",
    ),
    cue(
        "pollution",
        Elsewhere.POLLUTION,
        2,
        r"偷排|(?:空气|大气|土壤)(?:、|和|与|及)?水质|排放|养猪场|养殖场|散养|噪音|噪声|扬尘|废气|空气|环保|垃圾|猪粪|化工",
    ),
    cue("wages", Elsewhere.WAGES, 3, r"工资|拖欠|社保|养老保险|下岗|职工|员工|赔偿金|经济补偿"),
    cue(
        "goods",
        Elsewhere.GOODS,
        3,
        r"矿泉水|桶装水|纯净水|净水[机器]|饮水机|电动车|水果店|发票|商家|消费者权益|洗车",
        explains_away=True,
    ),
    cue(
        "roads",
        Elsewhere.ROADS,
        1.5,
        r"修路|路面|马路|道路|公交|站台|护栏|井盖|停车|人行道|交通|拆迁|违建|违章",
    ),
)
"""Every cue that a letter, or a part of it, is another body's."""

NOT_WATER = words(
    r"""水泥|水果|水平|水枪|薪水|口水|泪水|汗水|水深火热|水货|水产|风水|油水|墨水|胶水|香水|水分|水稻|水牛|水景|水岸|水晶|水彩|
    水电站|水城|山水|流水账|流水线|缩水|放水养|药水|水土|水性|水库养鱼|顺水|缺水平"""
)
"""Words with 水 in them that say nothing about water supply."""
