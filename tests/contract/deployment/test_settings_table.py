"""README's table of settings is the code's own."""

from pathlib import Path

from services.settings_table import settings_table

README = Path(__file__).parents[3] / "README.md"


def test_the_readme_lists_every_setting_as_the_code_has_it() -> None:
    text = README.read_text(encoding="utf-8")
    assert settings_table() in text, "run `python -m services.settings_table` and paste its table"
