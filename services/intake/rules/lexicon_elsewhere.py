"""The words of matters that carry 水 or 漏 and yet are somebody else's.

Entries that explain away are taken out of the text before our own words are looked for.
"""

from functools import partial

from services.intake.rules.lexicon import Cue, Elsewhere, words

_BUILDING = (
    "(?:房屋|房子|住房|房间|屋顶|楼顶|房顶|屋面|天花板?|外墙|墙面|墙体|墙壁|内墙|阳台|卫生间|厕所|厨房|主卫|飘窗|窗户|"
    "车库|停车场|地下室|电梯|楼上|楼下|顶楼|顶层|天沟|防水层?|教室|宿舍楼?顶|楼板|雨棚|大棚|廉租房)"
)

_explains_away = partial(Cue, explains_away=True)

ELSEWHERE_CUES: tuple[Cue, ...] = (
    _explains_away(
        Elsewhere.HEATING,
        "heating_leak",
        3,
        r"(?:暖气|供暖|供热|取暖|地暖|热力|采暖|暖)(?:主|支|的|公共|总|片|管|道|网|外|阀){0,4}…(?:漏水?|爆|渗水?|裂|滴水|没水)|(?:壁挂炉|锅炉|暖气)[^,。;!?:]{0,4}水压[^,。;!?:]{0,4}|热水供应|停(?:供)?热水",
    ),
    Cue(
        Elsewhere.HEATING,
        "heating",
        2,
        r"暖气|供暖|供热|取暖|热力|地暖|停暖|壁挂炉|采暖|不热|室温|温度|锅炉|煤改电|清洁能源|受冻|挨冻",
    ),
    Cue(
        Elsewhere.GAS,
        "gas",
        2,
        r"天然气|天燃气|燃气(?!灶|热水器)|煤气|停气|断气|通气|供气|气费|煤改气|液化气|气价|用气",
    ),
    Cue(
        Elsewhere.POWER,
        "power",
        2,
        r"停电|断电|电费|电压|电网|供电|变压器|路灯|跳闸停|通电|电价|用电|电线|起火",
    ),
    _explains_away(
        Elsewhere.BUILDING_LEAK,
        "building_leak",
        4,
        rf"""{_BUILDING}(?:(?!水管|龙头|水表|阀)[^。!?;:]){{0,12}}?(?:漏水|渗水|漏雨|渗漏|反水|返水|(?<!一)滴水|漏)|(?:漏水|渗水)(?:到|至|的)?(?:楼下|室内|墙|天花|房)
        |防水(?:没|层|做|工程)|漏水房|漏雨|(?:下[大暴小]?雨|暴雨|大雨|雨天|落雨)[^。!?;]{{0,10}}?(?:漏|渗)水?""",
    ),
    # A pipe behind the walls or tiles is the owner's, its builder's or the neighbour's.
    _explains_away(
        Elsewhere.BUILDING_LEAK,
        "pipe_inside_the_building",
        3,
        r"""(?:[主次客]卫|卫生间|厕所|洗手间|浴室|吊顶|墙[体内里壁]|地[板砖]下|精装房?|装修|开发商|楼上|邻居家)[^,。;!?:]{0,8}?(?:水管|管道|管子|管|接头)[^,。;!?:]{0,8}?(?:爆|漏|裂|破|坏|穿)
        |楼道[^,。;!?:]{0,8}?消防管[^,。;!?:]{0,6}漏水?|空调[^,。;!?:]{0,6}(?:滴|漏)水""",
    ),
    _explains_away(
        Elsewhere.SEWAGE,
        "sewage",
        3,
        r"污水(?!费)(?:管道?|井|处理厂?|横流)?(?:[^,。;!?:]{0,6}?(?:破裂|漏|堵|外溢|爆|断))?|下水道?(?:管)?|排污管?|化粪池|粪水|臭水沟?|窨井|雨污|"
        r"(?:管道?|厨房[^,。]{0,4}|马桶|地漏)(?:[^,。;!?:]{0,4})堵塞?|反水|臭气",
    ),
    _explains_away(
        Elsewhere.DRAINAGE,
        "drainage",
        3,
        r"排水(?:管道?|沟|渠|系统|不畅|口|立管|设施)?|积水|内涝|洪水|(?<!下)雨水(?!收集)|水沟|水淹|受淹|被淹|防汛|清淤|排洪",
    ),
    _explains_away(
        Elsewhere.RIVER_AND_FIELDS,
        "river_and_fields",
        3,
        r"""(?:浇地|灌溉|浇水|抗旱|水渠|渠里|庄稼|农田|果园|玉米)…(?:没水|缺水|无水|停水|断水)|河道|河水|水渠|渠道|灌溉|浇地|浇水|农田|浇灌|(?:鱼|池|水)塘(?!村)|堤坝|河堤|抗旱保苗|种地|水土|采砂|挖沙|涝池|水利设施|水坝
        |[没无缺]水浇|浇不[上了]|旱死|(?:果树|树苗|庄稼|禾苗|茶树)[^,。;!?:]{0,4}(?:枯|旱|干)|灌溉[^,。;!?:]{0,6}?(?:机井|水泵|水管|管道)[^,。;!?:]{0,8}?(?:坏|漏|破|没水)""",
    ),
    _explains_away(
        Elsewhere.PROPERTY_MANAGEMENT,
        "cut_off_by_property_manager",
        5,
        r"""物业[^,。;!?:]{0,10}?(?:无故|强行|恶意|违规|违法|私自|擅自|随意|故意|威胁|直接|就|多次|经常|频繁)[^,。;!?:]{0,6}?(?:停|断|关)了?(?:水|我|业主|电)
        [^,。;!?:]{0,6}|被物业[^,。;!?:]{0,4}(?:停|断|关)水?|(?:房东|开发商)[^,。;!?:]{0,10}(?:停|断|关|掐)了?水?
        |物业(?:公司)?[^,。;!?:说称通回告让叫电]{0,6}(?:停|断|关|锁)[了掉]?(?:我家?|用户|业主)?的?水|物业[^,。;!?:说称通回告]{0,6}水[闸阀表][^,。;!?:]{0,3}(?:锁|关|拆)
        |不[交缴][^,。;!?:]{0,10}(?:押金|物业费|停车费|车位|[供取采]暖费|装修)[^。!?]{0,8}?(?:停|断)[^,。;!?:]{0,5}水(?:停电)?|(?:停|断)水(?:、|和|又|、)?(?:停|断)电(?=[^。]{0,10}物业)""",
    ),
    Cue(Elsewhere.PROPERTY_MANAGEMENT, "property_management", 2, r"物业费|业委会|业主委员会"),
    _explains_away(  # who runs a building sells its water on, at a price of its own
        Elsewhere.PROPERTY_MANAGEMENT,
        "water_sold_by_property_manager",
        4,
        r"""(?:物业|房东|开发商)[^。;!?:]{0,12}?(?:乱收|多收|高价|违规|强制|加价|按每吨|每吨|摊|私自)[^。;!?:]{0,12}?(?:用?水费?|每户)
        |物业(?:公司)?收[^,。;!?:]{0,4}水费[^。;!?]{0,12}?[贵高]|消防[^,。;!?:]{0,8}?用水费|公摊水费?|水电[^,。;!?:]{0,3}公摊|公共用水""",
    ),
    Cue(
        Elsewhere.PROPERTY_MANAGEMENT,
        "manager_complained_of",
        2.5,
        r"物业(?:公司)?(?:不作为|乱收|霸道|强行|违规|违法|高价|收费|只收钱|收钱不|太黑|服务差)|物业费[^,。;!?:]{0,6}(?:不干|不作为)|投诉[^,。;!?:]{0,12}物业",
    ),
    Cue(
        Elsewhere.PROPERTY_MANAGEMENT,
        "built_and_sold",
        1,
        r"物业管理|开发商|购房|楼盘|交房|装修|房产|维修基金|质保",
    ),
    # Kept full by whoever runs the building; dry ones say nothing about the village's taps.
    _explains_away(
        Elsewhere.PROPERTY_MANAGEMENT,
        "water_for_fires",
        3,
        r"消防(?:栓|拴|水|管|设施|喷淋|系统)[^,。;!?:]{0,8}?(?:没有?水|无水|缺水|没得水|不出水)",
    ),
    _explains_away(
        Elsewhere.POLLUTION,
        "air_and_water_around",
        3,
        r"(?:空气|大气|土壤|环境)(?:、|和|与|及)?水[质体源]?[^,。;!?:]{0,4}(?:污染)?|水体污染|水质(?:和|与|、)(?:空气|大气)(?:质量)?",
    ),
    Cue(
        Elsewhere.POLLUTION,
        "pollution",
        2,
        r"偷排|排放|养猪场|养殖场|散养|噪音|噪声|扬尘|废气|空气|环保|垃圾|猪粪|化工",
    ),
    Cue(Elsewhere.WAGES, "wages", 3, r"工资|拖欠|社保|养老保险|下岗|职工|员工|赔偿金|经济补偿"),
    _explains_away(  # water out of a machine that somebody sells or runs
        Elsewhere.GOODS,
        "water_machine",
        3,
        r"""(?:净水[机器]|饮水机|售水机|直饮水?机|接水机|开水[机器]|热水[机器房])[^。!?;]{0,12}?(?:放出|流出|出来|出水|不出水|没水|停水|停用|漏水?|的水|卫生|水质|滤芯|坏|刷卡)[^,。;!?:]{0,8}
        |售水机|直饮水?机|没有?热水|(?:太阳能|热水器)[^,。;!?:]{0,6}(?:管|漏水?|裂)[^,。;!?:]{0,6}
        |[瓶桶]装水[^,。;!?:]{0,10}|(?:公厕|景区|游泳|健身房|澡堂|洗浴|宾馆|酒店|淋浴)[^。!?;]{0,8}?(?:没有?水|停水|无水|水[^,。;!?:]{0,3}(?:脏|不干净|浑|臭))""",
    ),
    _explains_away(
        Elsewhere.GOODS,
        "goods",
        3,
        r"矿泉水|桶装水|纯净水|净水[机器]|饮水机|电动车|水果店|商家|消费者权益|洗车",
    ),
    Cue(
        Elsewhere.ROADS,
        "roads",
        1.5,
        r"修路|路面|马路|道路|公交|站台|护栏|井盖|停车|人行道|交通|拆迁|违建|违章",
    ),
)
"""Every cue that a letter, or a part of it, is another body's."""

NOT_WATER = words(
    r"""水泥|水果|水平(?!均)|水枪|薪水|(?<![门村路巷街井风])口水|泪水|汗水|水深火热|水货|水产|风水|油水|墨水|胶水|香水|水分|水稻|水牛|水景|水岸|水晶|水彩|
    水电站|水城|山水|流水账|流水线|缩水|放水养|药水|水土|水性|水库养鱼|顺水|缺水平"""
)
"""Words with 水 in them that say nothing about water supply."""
