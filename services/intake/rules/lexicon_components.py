"""Which part of a scheme the words point to, so that dispatch can send the right crew."""

import re

from services.intake.rules.lexicon import words
from shared.vocabulary import Category, Component

COMPONENT_WORDS: dict[Component, re.Pattern[str]] = {
    Component.ELECTRICAL: words(
        r"""(?:水厂|泵房|机井|水站|水泵|供水站)…(?:停电|没电|跳闸|断电|线路|变压器|欠电费)|配电[柜箱]|控制[柜箱]|变频器|启动柜
            |(?:停电|没电|跳闸)[^。!?]{0,8}(?:抽不|没水|停水|供不上)"""
    ),
    Component.PUMP: words(
        r"(?:水|抽水|潜水|增压|加压)泵|电机|(?:泵|机器)…(?:坏|烧)|抽不上(?:来)?水?|泵房"
    ),
    Component.DISINFECTION: words(r"漂白粉|消毒|氯|细菌|大肠|刺鼻"),
    Component.METER: words(r"水表|表…(?:不走|不准|自转|空转|倒转|走得快|转得快)|计量|抄表"),
    Component.TANK: words(r"水塔|水池|蓄水池|高位池|清水池|水箱|水窖"),
    Component.NETWORK: words(
        r"""主管|干管|支管|管网|爆管|(?:村里|村口|路边|路面|路上|地下|马路|街上)…(?:管|漏水|冒水|喷水|淌水)|管道…(?:老化|爆|裂|破|断|冻|漏)
            |挖[断坏破]"""
    ),
    Component.WELL: words(
        r"机井|深井|水源(?:井|地|点)?|井(?:水|里)|水井|泉水|枯水|井…(?:干|塌|淤|沙)|水库"
    ),
    Component.SERVICE_LINE: words(
        r"""(?:入户|进户|我家|家里|院子?里|家门口|屋里|厨房|户外)…(?:管|阀门|接头|龙头|水管|漏)|水龙头…(?:漏|坏|滴)|表后|接头|阀门
            |水管…(?:漏|破|裂|冻|断|爆)"""
    ),
}
"""Looked through in this order; the first that is named is the hint."""

USUAL_COMPONENT = {
    Category.PIPE_LEAK: Component.NETWORK,
    Category.NEW_CONNECTION: Component.SERVICE_LINE,
}
"""Where nothing is named, what the category points to by itself; the others point nowhere."""
