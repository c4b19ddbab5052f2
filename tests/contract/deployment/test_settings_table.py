"""README's table of settings is the code's own."""

from pathlib import Path

import pytest

from shared.settings import CommonSettings
from waterdesk.settings_table import settings_table

README = Path(__file__).parents[3] / "README.md"


def test_the_readme_lists_every_setting_as_the_code_has_it() -> None:
    text = README.read_text(encoding="utf-8")
    assert settings_table() in text, "run `python -m waterdesk.settings_table` and paste its table"


def test_who_moves_a_service_moves_its_address_along(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATERDESK_INTAKE_PORT", "9001")
    monkeypatch.setenv("WATERDESK_REPLY_PORT", "9002")
    monkeypatch.setenv("WATERDESK_REPLY_URL", "https://reply.example")
    settings = CommonSettings()
    assert settings.intake_url == "http://127.0.0.1:9001"
    assert settings.reply_url == "https://reply.example"
