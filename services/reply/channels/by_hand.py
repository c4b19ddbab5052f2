"""Complaints that came by phone or in a spreadsheet: people phone the answer, then note it."""

from typing import Final

from services.reply.rules.call_backs import AskedBy
from services.reply.rules.platform_profile import PlatformProfile

PROFILES: Final = (
    PlatformProfile("phone", reaches_resident=True, told_by="phone", asked_by=AskedBy.PHONE),
    PlatformProfile("excel", asked_by=AskedBy.PHONE),
)
