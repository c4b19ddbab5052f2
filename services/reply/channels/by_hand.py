"""Complaints that came by phone or in a spreadsheet: people phone the answer, then note it."""

from typing import Final

from services.reply.rules.platform_profile import PlatformProfile

_HANDLED = (
    "办理情况：{handling}\n答复内容：您好！您反映的{subject}问题，{outcome}感谢您的反映。{phone}"
)
_RETURNED = "退回原因：{reason}。责任单位：{responsible}。"

PROFILES: Final = (
    PlatformProfile("phone", _HANDLED, _RETURNED, reaches_resident=True, told_by="phone"),
    PlatformProfile("excel", _HANDLED, _RETURNED),
)
