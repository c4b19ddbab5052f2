"""Settings of the simulators. Every default is invented; none is a real key."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SimulatorSettings:
    journal_path: Path | None = None
    """Where the journal is kept; None keeps it in memory, for tests."""
    push_to: str | None = None
    """Base URL of intake, to which 12345 and WeChat push; None: nothing is pushed."""
    press_to: str | None = None
    """Base URL of dispatch, to which WeCom sends pressed buttons; None: nothing is sent."""
    push_every: timedelta = timedelta(seconds=1)
    """Interval at which the background task delivers due pushes."""

    hotline_push: bool = True
    """Whether 12345 pushes its tickets, besides offering them in its feed."""
    hotline_app_id: str = "waterdesk"
    hotline_secret: str = field(default="simulated-hotline-secret", repr=False)
    hotline_retry_after: tuple[timedelta, ...] = tuple(
        timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1800)
    )

    hotline_decides_after: timedelta | None = None
    """After how long 12345 grants an extension that was asked for; None: the driver decides."""

    board_fid: int = 5999
    board_forum: str = "蓝田县委书记"
    board_app_code: str = field(default="PC-simulated-board", repr=False)
    board_token: str = field(default="", repr=False)
    board_backoffice_key: str = field(default="simulated-board-key", repr=False)

    wechat_account: str = "gh_5imulated000"
    wechat_app_id: str = "wx51mulated0000000"
    wechat_app_secret: str = field(default="simulated-app-secret", repr=False)
    wechat_token: str = field(default="simulatedtoken", repr=False)
    wechat_aes_key: str = field(default="SimulatedKey0123456789SimulatedKey012345678", repr=False)
    wechat_safe_mode: bool = True
    wechat_answer_within: timedelta = timedelta(seconds=5)
    wechat_retry_after: tuple[timedelta, ...] = (timedelta(seconds=5), timedelta(seconds=5))
    """WeChat delivers three times in all."""

    wecom_corp_id: str = "ww51mulated0000000"
    wecom_agent_id: int = 1000002
    wecom_secret: str = field(default="simulated-wecom-secret", repr=False)
    wecom_token: str = field(default="simulatedwecom", repr=False)
    wecom_aes_key: str = field(default="SimulatedWeComKey0123456789SimulatedWeCom01", repr=False)
    wecom_members: frozenset[str] | None = None
    """The userids it knows; None: everybody is a member."""
    wecom_drops_repetitions: bool = True
    """A request that was taken before is answered as done; else only its task id is refused."""

    sms_secret: str = field(default="simulated-sms-secret", repr=False)
    sms_longest: int = 70
    """Characters of a message."""
