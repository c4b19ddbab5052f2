"""The words for what people have to do with their water supplier: bills, connections, service."""

from functools import partial

from services.intake.rules.lexicon import Cue
from shared.vocabulary import Category

_billing = partial(Cue, Category.BILLING)
_new_connection = partial(Cue, Category.NEW_CONNECTION)
_service = partial(Cue, Category.SERVICE)

BILLING_CUES: tuple[Cue, ...] = (
    # 水费
    _billing(
        "bill_disputed",
        3,
        r"""(?:水费|水价|用水量|水表|抄表|计量)…(?:高|贵|多收|乱|不对|不准|不合理|不实|异常|偏|太多|涨|翻|猫腻|空转|自转|走得快|
        转得快|有问题|质疑|超出|怎么|为什么|凭什么|不公|不真实|不一样|不符|对不上|纠纷)
        |(?:分摊|平摊|摊)…水费|水费…(?:分摊|损耗|摊)|高价…水费|产生…水费|保表费
        |水费…(?:[0-9几百千万]{1,8}元|[0-9一二三四五六七八九几]{1,8}[百千万])|水表[^,。;!?:]{0,4}[收要][^,。;!?:]{0,4}[0-9一二三四五六七八九几两]{1,8}[百千万元块]
        |凭空…(?:水费|缴费|缴纳)|阶梯(?:式)?水(?:费|价)""",
        deniable=True,
    ),
    _billing("bill_named", 1.5, r"水费|水价|抄表|一户一表|分表|总表"),
    _billing(
        "fee_disputed",
        2,
        r"""乱收…费|多收|重复收|收费…(?:不合理|太高|过高|不透明|不真实|依据|标准)|(?:收|交|加)…(?:滞纳金|押金)|欠费|充值|预存
        |(?:收取|缴纳|交)…[0-9一二三四五六七八九几两]{1,8}[百千万]?元""",
        borrowed=True,
    ),
    _billing("fee_named", 1, r"费用", borrowed=True),
    _billing(
        "meter_matter",
        2,
        r"""(?:换|改|装|校|检|更换|改造)(?:新|了|自来)?水表|水表…(?:换|停走|不走|不转|没电|黑屏|不显示|电池|失灵|故障|倒转|玻璃|坏|充[值不了])|水卡
        |一户一表|分表到户|户表""",
    ),
    # 新装
    _new_connection(
        "wants_connection",
        3,
        r"""(?:装|接通?|通|铺设?|开通|拉|用上|接入)(?:上|了|到|过|好|饮用)?
        (?:自来水(?!公司|厂|管漏|表)|水管(?!漏|爆)|饮用水|供水管|管道(?=[^漏爆裂]{0,8}户))
        |(?:没|没有|未|不|无|尚未|迟迟)(?:有|能)?(?:通|接|装|用上|接通|安装|开通|铺)(?:上|到|过|有|正式)?(?:自来)?水(?!表)
        |(?:自来水|饮水|水管)…(?:入户|到户|进户|进村|没[有]?(?:通|接|装|铺)|未(?:通|接|装|铺)|不通|没到|什么时候[能]?通|安装到|没有铺)
        |(?<!又)没有?自来水(?!了)|无自来水|水(?:还|都|也)?(?:没有?|未)通(?![知过])|申请[^,。;!?:]{0,8}开户(?!费)|水电[^,。;!?:]{0,3}(?:不通|没通|未通|没接)|通水(?!了|后)|正式自来水
        |自来水了?,就?我们[^,。]{0,6}没有?(?!水)|自来水[^。!?]{0,24}?(?:入户|到户|进户|进家)""",
    ),
    _new_connection(  # a well that somebody sinks is no request by itself
        "fetches_water",
        1.3,
        r"(?:挑|担|拉|驮|背|抬)水|打(?:水?井|机井)|[吃喝用]的?(?:还)?(?:都)?是(?:山泉|井|河|窖)水",
    ),
    _new_connection(
        "connection_fee",
        1.5,
        r"入户费|开户费?|初装费|安装费|报装|接口费|开口费|户改|水改|管网改造",
        borrowed=True,
    ),
    _new_connection("scheme_being_built", 1.5, r"自来水…(?:建设|工程)|(?:饮水|供水)工程|建…水厂"),
    _billing(
        "connection_fee_disputed", 2, r"入户费|开户费?|初装费|接口费|开口费|安装费", borrowed=True
    ),
    # 服务
    _service(
        "staff_rude",
        3,
        r"""态度…(?:差|恶劣|不好|蛮横|生硬|冷漠|傲慢|不耐烦)|(?:不耐烦|骂人|辱骂|刁难|吃拿卡要|爱理不理|爱来不来|说话…难听|脾气[大坏差]|爱答不理|挂(?:断|了|我)?电话|
        故意为难|横蛮|蛮横)""",
        borrowed=True,
    ),
    _service(
        "nobody_answers",
        1.5,
        r"""电话…(?:打不通|没人接|无人接|不接|接不通|繁忙|没有?人)|(?:拒绝|不给)…(?:维修|处理|提供)|(?:客服|热线)…(?:没人|无人|不)|没有?人(?:给我)?回(?:电|复|访)
        |网上(?:交|缴)(?:水)?费|服务意识|责任意识""",
        borrowed=True,
    ),
    _service(
        "passed_around", 0.5, r"推诿|踢皮球|不作为|敷衍|没人管|无人管|不理|推脱|扯皮", borrowed=True
    ),
)
"""Cues of billing, new connections and service; part of lexicon_supply.py's."""
