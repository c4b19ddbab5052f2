"""Intake's settings. A platform without its address or token is off."""

import re
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator

from shared.settings import CommonSettings, WebAddress

_NEEDS = {
    "hotline_url": ("hotline_app_id", "hotline_secret"),
    "board_url": ("board_app_code", "board_forum_id"),
    "wechat_aes_key": ("wechat_token", "wechat_app_id"),
}


class IntakeSettings(CommonSettings):
    """Raises pydantic's ValidationError where a platform is half configured."""

    county: str = Field("610122", pattern=r"^\d{6}$", description="The county's six-digit code.")
    gazetteer: Path | None = Field(
        None,
        description="The county's villages, CSV with code,village,town. None: the demo county's.",
    )

    hotline_url: WebAddress = Field(
        "", description="Base URL of the city's 12345 interface. Empty: no tickets are pulled."
    )
    hotline_app_id: str = Field("", description="Our account at the 12345 interface.")
    hotline_secret: SecretStr | None = Field(
        None,
        min_length=1,
        description="Signs requests to and from 12345. Without it pushed tickets are refused.",
    )
    hotline_poll_seconds: float = Field(15, gt=0, description="How often 12345 is asked.")

    board_url: WebAddress = Field(
        "", description="Base URL of the People's Daily message board. Empty: it is not read."
    )
    board_app_code: SecretStr | None = Field(
        None, min_length=1, description="appCode that the board's own web pages sign with."
    )
    board_token: SecretStr = Field(SecretStr(""), description="token of the board's web pages.")
    board_forum_id: int | None = Field(None, description="fid of the leader's forum to read.")
    board_first_tid: int = Field(
        0, ge=0, description="Threads up to this tid are from before Waterdesk and are left out."
    )
    board_poll_seconds: float = Field(300, gt=0, description="How often the board is read.")
    board_reread_days: int = Field(
        30, ge=0, description="For how many days a thread is read again for edits."
    )
    board_reread_at_once: int = Field(
        20, ge=1, le=200, description="Threads read again at once, the longest unread first."
    )

    wechat_app_id: str = Field("", description="appid of the WeChat official account.")
    wechat_token: SecretStr | None = Field(
        None,
        min_length=1,
        description="Token of the account's server configuration. Without it WeChat is off.",
    )
    wechat_aes_key: SecretStr | None = Field(
        None, description="EncodingAESKey: safe mode. None: plain."
    )
    wechat_previous_aes_key: SecretStr | None = Field(
        None, description="The key before, while it is changed."
    )

    wechat_window_seconds: float = Field(
        300, gt=0, description="How far the timestamp of WeChat's callbacks may be off our clock."
    )

    personal_data_years: float = Field(
        3,
        ge=0,
        description="Residents' words and identities are erased this many years after the receipt; "
        "counts stay. 0: they are kept.",
    )
    """Source of the default: 民法典 article 188, the period in which a claim can be brought."""

    @field_validator("wechat_aes_key", "wechat_previous_aes_key")
    @classmethod
    def _is_an_aes_key(cls, key: SecretStr | None) -> SecretStr | None:
        if key and not re.fullmatch("[A-Za-z0-9]{43}", key.get_secret_value()):
            raise ValueError("须为 43 个字母和数字 must be 43 letters and digits")
        return key

    @model_validator(mode="after")
    def _platforms_are_whole(self) -> Self:
        for name, needed in _NEEDS.items():
            if getattr(self, name) and not all(getattr(self, other) for other in needed):
                others = " and ".join(f"WATERDESK_{other.upper()}" for other in needed)
                raise ValueError(f"WATERDESK_{name.upper()} needs {others}")
        return self
