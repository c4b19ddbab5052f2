"""What dispatch is told by its environment."""

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from services.dispatch.rules.rework import ALLOWED_BY_RULE
from shared.platform_kit.wechat_crypto import is_aes_key
from shared.settings import CommonSettings, WebAddress


def _are_networks(text: str) -> str:
    try:
        for each in filter(None, (part.strip() for part in text.split(","))):
            ip_network(each)
    except ValueError:
        raise ValueError(
            "不是地址或网段 not addresses or networks such as 10.0.0.5,10.1.0.0/16"
        ) from None
    return text


def _is_an_aes_key(key: SecretStr | None) -> SecretStr | None:
    if key is not None and not is_aes_key(key.get_secret_value()):
        raise ValueError("须为 43 个字母和数字 must be 43 letters and digits")
    return key


_AesKey = Annotated[SecretStr | None, AfterValidator(_is_an_aes_key)]


class DispatchSettings(CommonSettings):
    county_file: Path | None = Field(
        None,
        description="The county's schemes, crews and staff, YAML (services/dispatch/README.md). "
        "None: the demo county's.",
    )
    merge_same_village_hours: float = Field(
        336,
        gt=0,
        description="Complaints of one village further apart than this are never one fault.",
    )
    merge_other_village_hours: float = Field(
        48,
        ge=0,
        description="The same for two villages that share the source of their scheme.",
    )
    repeat_window_days: int = Field(
        90, ge=1, description="The same part failing again within so many days is a hotspot."
    )
    reworks_by_rule: int = Field(
        ALLOWED_BY_RULE,
        ge=0,
        description='How often residents\' "not solved" has one fault repaired again before a '
        "supervisor decides.",
    )
    rank_schemes_every_seconds: float = Field(
        600, gt=0, description="Schemes are ranked anew so often, where something has failed since."
    )
    platform_unavailable_minutes: float = Field(
        2,
        ge=0,
        description="How long a platform may be unavailable before a banner tells everybody.",
    )
    assign_every_seconds: float = Field(
        10, gt=0, description="How often waiting work orders look for a free crew."
    )
    assign_new_every_seconds: float = Field(
        0.5, gt=0, description="The same for those that no crew has been looked for yet."
    )
    trusted_proxies: Annotated[str, AfterValidator(_are_networks)] = Field(
        "",
        description="Reverse proxies before the console, comma-separated addresses or networks: "
        "their X-Forwarded-For and X-Forwarded-Proto are believed, nobody else's.",
    )

    wecom_url: WebAddress = Field(
        "https://qyapi.weixin.qq.com", description="Base URL of WeCom's (企业微信) interface."
    )
    wecom_corp_id: str = Field("", description="corpid of the office's WeCom.")
    wecom_agent_id: int | None = Field(None, description="agentid of our application there.")
    wecom_secret: SecretStr | None = Field(
        None, min_length=1, description="Secret of the application. None: nobody is told by WeCom."
    )
    wecom_token: SecretStr | None = Field(
        None, min_length=1, description="Token of the application's callback, for pressed buttons."
    )
    wecom_aes_key: _AesKey = Field(None, description="EncodingAESKey of the callback.")
    wecom_previous_aes_key: _AesKey = Field(None, description="The key before, while it changes.")
    wecom_window_seconds: float = Field(
        300, gt=0, description="How far the timestamp of WeCom's callbacks may be off our clock."
    )
    sms_provider: Path | None = Field(
        None,
        description="How text messages are sent, YAML (services/dispatch/README.md). "
        "None: they are not.",
    )
    sms_secret: SecretStr = Field(SecretStr(""), description="Key at the provider of messages.")
    messages_seconds: float = Field(
        1, gt=0, description="How often messages to staff that are due are sent."
    )

    @model_validator(mode="after")
    def _wecom_is_whole(self) -> Self:
        needed = ("wecom_corp_id", "wecom_agent_id", "wecom_token", "wecom_aes_key")
        missing = [name for name in needed if not getattr(self, name)]
        if self.wecom_secret and missing:
            names = " and ".join(f"WATERDESK_{name.upper()}" for name in missing)
            raise ValueError(f"WATERDESK_WECOM_SECRET needs {names}")
        return self
