"""Is a short message the answer to "is it solved?", and which?

Asked only of a person whose question is open (handlers/answers.py). A message counts as "not
solved" where anything in it says so: that sends somebody, and the words are kept. It counts as
"solved" only where it is short and says nothing else. What is neither is no answer: it goes the way
of every message. The words are our own, found by writing down what people might say.
"""

import re
from typing import Final, NamedTuple

from .plain_text import plain


class Answer(NamedTuple):
    """`is_bare`: it says nothing besides."""

    satisfied: bool
    is_bare: bool


_LONGEST_YES: Final = 14
"""Characters. Who writes more has something else to say as well."""

_COURTESY: Final = re.compile(
    r"(?:非常|十分|太|真是)?(?:谢谢|感谢|多谢|辛苦)(?:你们|您们?|师傅们?|大家|各位|领导|了|啦|啊|呀)*"
)
_OUTER: Final = re.compile(r"^\W+|[\W的呢啊呀哦哈嘛]+$")
_CHOICE: Final = re.compile(
    r"(?:我?(?:回复|回|选择?|答|按))?[:,]?([12])[.、,:)]*((?:[已未没]|没有|已经)?解决了?)?"
)
_BARE_YES: Final = re.compile(
    r"是|对|嗯+|行了|可以了|(?:问题|水|现在|都|已经?)*"
    r"(?:已?解决了?|解决好了|好了|有水了?|来水了?|通水了|修好了?|正常了?|恢复了?|恢复正常了?)"
    r"|(?:很|非常|挺|十分|比较)?满意|ok|yes",
    re.IGNORECASE,
)
_BARE_NO: Final = re.compile(
    r"否|不|未|不行|没有?|还没有?|没(?:有)?水了?|没来水?|没人来|停水|老样子|没变化|没效果|没用|no",
    re.IGNORECASE,
)
_TROUBLE_IS_GONE: Final = re.compile(
    r"没有?(?:啥|什么)?(?:大?问题|事|毛病|异味|味道?|杂质|沉淀|黄水|意见)了?"
    r"|不(?:再)?(?:黄|漏|漏水|臭|浑|停水?|断|断水|滴|堵)了|还不[错赖]|不错"
)
_LACKING: Final = r"(?:没|不(?!用|需|是)|未|停|断|漏|黄|浑|臭|脏|咸|小|细|坏|有味|有异味|有问题)"
_NOT_SOLVED: Final = re.compile(
    r"(?:没|未|没有|尚未|并未|还不)(?:能|给|人)?(?:完全|彻底|真正|得到|全)?"
    r"(?:解决|修好|修|处理好?|恢复|办好|弄好|搞好|通水|来水|来修|管|好)"
    rf"|还是?(?:很|那么|这么|比较|特别|非常|有点|一直)?{_LACKING}"
    rf"|(?:仍|仍然|仍旧|依然|依旧)(?:是|很|有点|那么)?{_LACKING}"
    r"|(?:还|仍|依)(?:是|然|旧)?(?:老样子|那样|这样|一样)"
    r"|还有(?:点|些|一点|一些|很多|很大|很重)?的?(?:小|大)?(?:问题|异味|味道?|沉淀|杂质|黄水)"
    r"|又(?:停|没|漏|黄|浑|断|坏|爆|臭)"
    r"|(?:不|没|不太|不怎么)满意|只?解决了?(?:一半|一部分|部分)|部分解决"
)
_SOLVED: Final = re.compile(
    r"(?:已经?|都|全部?|基本|终于)(?:给|能)?(?:解决|修好|处理好|恢复|弄好|办好|搞定|通水|来水|有水)"
    r"|(?:解决|修好|处理好|恢复正常|恢复供水|恢复|弄好|办好|搞定|通水|来水|有水|正常|满意|可以)[了啦]"
    r"|^(?:水|现在|都|已经?|全)*好了|满意"
)
_STILL_TROUBLE: Final = re.compile(r"停水|没有?水|断水|漏水|异味|浑|发黄|黄水|臭|太小|很小|坏了")
_ASKS: Final = re.compile(
    r"[?吗]|什么时候|啥时候|何时|多久|几时|怎么|为什么|为啥|能不能|希望|请|尽快"
)


def read_answer(text: str) -> Answer | None:
    """The answer in one message; None where it is none."""
    whole = _OUTER.sub("", plain(text))
    words = _OUTER.sub("", _COURTESY.sub("", whole))
    if choice := _CHOICE.fullmatch(words):
        contradicts = choice[2] is not None and choice[2][0] in "未没"
        return Answer(satisfied=choice[1] == "1" and not contradicts, is_bare=True)
    if _BARE_YES.fullmatch(words):
        return None if _ASKS.search(plain(text)) else Answer(satisfied=True, is_bare=True)
    if _BARE_NO.fullmatch(words):
        return Answer(satisfied=False, is_bare=True)
    rest = _TROUBLE_IS_GONE.sub("", words)
    if _NOT_SOLVED.search(rest):
        return Answer(satisfied=False, is_bare=False)
    is_solved = rest != words or _SOLVED.search(rest)
    says_more = _ASKS.search(plain(text)) or _STILL_TROUBLE.search(rest)
    if is_solved and not says_more and len(words) <= _LONGEST_YES:
        return Answer(satisfied=True, is_bare=False)
    return None
