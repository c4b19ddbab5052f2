"""What figures and codes are called in a report that is handed up: Chinese."""

from services.dispatch.console.language import Words

HEADINGS = {
    "complaints": "诉求件数",
    "not_ours": "非供水职责",
    "chased": "被催办",
    "late": "逾期件数",
    "provisional": "时限待定",
    "response_rate": "响应率",
    "resolve_rate": "解决率",
    "reply_in_time_rate": "按时回复率",
    "satisfaction_rate": "满意率",
}
BREAKDOWN_TITLES = {
    "month": "按月",
    "town": "按乡镇",
    "platform": "按渠道",
    "crew": "按队伍",
    "category": "按类别",
}
_KINDS = {"platform": "platform", "category": "category", "stage": "stage"}
_NOTHING = "未定"
_words = Words("zh")


def value_of(kind: str, code: str) -> str:
    """The word for a month, town, platform, crew, category or stage."""
    return (_words.code(_KINDS[kind], code) if kind in _KINDS else code) or _NOTHING


def percent(rate: float | None) -> str:
    return "—" if rate is None else f"{rate:.1%}"
