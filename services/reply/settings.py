"""What reply is told by its environment. A platform without its address is answered by hand."""

from datetime import timedelta
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, model_validator

from shared.pace import Pace
from shared.settings import CommonSettings, WebAddress

from . import calendar_file, policy_file
from .rules.call_backs import CallBackPolicy


class ReplySettings(CommonSettings):
    """Raises pydantic's ValidationError where a platform is half configured."""

    office_name: str = Field("农村供水服务中心", description="Who answers: stands under replies.")
    service_phone: str | None = Field(
        None, description="Service phone named in replies. None: none is named."
    )
    deadline_policies: Path = Field(
        policy_file.SHIPPED,
        description="Deadline policies (YAML) of counties that have saved none of their own.",
    )
    work_calendar: Path = Field(
        calendar_file.SHIPPED,
        description="Holidays, make-up workdays and office hours (YAML), likewise.",
    )
    second_person_approves: bool = Field(
        default=False, description="Whether whoever wrote a reply may not approve it as well."
    )

    hotline_url: WebAddress = Field(
        "", description="Base URL of the city's 12345 interface. Empty: replies go by hand."
    )
    hotline_app_id: str = Field("", description="Our account at the 12345 interface.")
    hotline_secret: SecretStr | None = Field(
        None, min_length=1, description="Signs requests to and from 12345."
    )

    board_url: WebAddress = Field(
        "", description="Base URL of the People's Daily message board, to see our answers there."
    )
    board_app_code: SecretStr | None = Field(
        None, min_length=1, description="appCode that the board's own web pages sign with."
    )
    board_token: SecretStr = Field(SecretStr(""), description="token of the board's web pages.")
    board_back_office_url: WebAddress = Field(
        "",
        description="Base URL of the authorised back office that posts answers to the board. "
        "Empty: they are posted by hand.",
    )
    board_back_office_key: SecretStr | None = Field(
        None, min_length=1, description="Bearer key of the back office."
    )
    board_organization: str = Field(
        "", description="The name our answers bear on the board; they are recognised by it."
    )
    board_appears_within_hours: float = Field(
        72, gt=0, description="How long the board may review an answer before it shows it."
    )

    wechat_url: WebAddress = Field(
        "https://api.weixin.qq.com", description="Base URL of WeChat's interface."
    )
    wechat_app_id: str = Field("", description="appid of the WeChat official account.")
    wechat_app_secret: SecretStr | None = Field(
        None, min_length=1, description="AppSecret of the account. None: replies go by hand."
    )
    wechat_template_id: str | None = Field(
        None, description="Subscription notice for replies outside WeChat's 48 hours."
    )

    resident_sms_provider: Path | None = Field(
        None,
        description="How residents whom WeChat does not reach are sent text messages, YAML "
        "(services/dispatch/README.md). None: they are phoned.",
    )
    resident_sms_secret: SecretStr = Field(SecretStr(""), description="Key at that provider.")

    sweep_seconds: float = Field(0.25, gt=0, description="How often due deadlines are looked for.")
    sender_seconds: float = Field(2, gt=0, description="How often replies due to leave are sent.")
    send_first_wait_seconds: float = Field(
        30, gt=0, description="Pause after a failed attempt; twice as long each time."
    )
    send_longest_wait_seconds: float = Field(
        3600, gt=0, description="The longest pause between two attempts."
    )
    send_lease_seconds: float = Field(
        300,
        ge=120,
        description="After how long a sender that says nothing is taken for dead, and its reply "
        "is looked for.",
    )

    call_back_tries: int = Field(
        3, ge=1, description="After so many calls in vain a resident is unreachable."
    )
    call_back_again_hours: float = Field(
        24, gt=0, description="How long after a call in vain the next one is due."
    )
    call_back_answer_days: float = Field(
        7, gt=0, description="How long an answer on WeChat to our question is waited for."
    )
    call_back_platform_days: float = Field(
        30, gt=0, description="How long a platform's evaluation is waited for."
    )

    @property
    def call_backs(self) -> CallBackPolicy:
        return CallBackPolicy(
            tries=self.call_back_tries,
            try_again_in=timedelta(hours=self.call_back_again_hours),
            answer_within=timedelta(days=self.call_back_answer_days),
            platform_within=timedelta(days=self.call_back_platform_days),
        )

    @property
    def pace(self) -> Pace:
        return Pace(
            first_wait=timedelta(seconds=self.send_first_wait_seconds),
            longest_wait=timedelta(seconds=self.send_longest_wait_seconds),
            lease=timedelta(seconds=self.send_lease_seconds),
        )

    @model_validator(mode="after")
    def _platforms_are_whole(self) -> Self:
        if self.hotline_url and not (self.hotline_app_id and self.hotline_secret):
            raise ValueError(
                "WATERDESK_HOTLINE_URL needs WATERDESK_HOTLINE_APP_ID and WATERDESK_HOTLINE_SECRET"
            )
        if self.board_back_office_url and not (
            self.board_url
            and self.board_app_code
            and self.board_back_office_key
            and self.board_organization
        ):
            raise ValueError(
                "WATERDESK_BOARD_BACK_OFFICE_URL needs WATERDESK_BOARD_URL, "
                "WATERDESK_BOARD_APP_CODE, WATERDESK_BOARD_BACK_OFFICE_KEY and "
                "WATERDESK_BOARD_ORGANIZATION"
            )
        if self.wechat_app_secret and not self.wechat_app_id:
            raise ValueError("WATERDESK_WECHAT_APP_SECRET needs WATERDESK_WECHAT_APP_ID")
        return self
