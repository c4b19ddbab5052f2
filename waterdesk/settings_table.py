"""The README's table of settings, made from the code."""

from pathlib import Path

from pydantic.fields import FieldInfo

from shared.settings import CommonSettings
from waterdesk.composition import SETTINGS

_ROOT = Path(__file__).parents[1]
_DEFAULTS = {name: field.default for name, field in CommonSettings.model_fields.items()}
"""For defaults that are computed from other settings."""


def settings_table() -> str:
    """Markdown: common settings first, then each service's own; one row a variable."""
    fields = {name: ("all", field) for name, field in CommonSettings.model_fields.items()}
    for service, settings in SETTINGS.items():
        for name, field in settings.model_fields.items():
            if name not in CommonSettings.model_fields:
                others, first = fields.get(name, ("", field))
                fields[name] = (f"{others}, {service}" if others else service, first)
    rows = ["| Variable | For | Default | What it is |", "|---|---|---|---|"]
    rows += [_row(name, services, field) for name, (services, field) in fields.items()]
    return "\n".join(rows)


def _row(name: str, services: str, field: FieldInfo) -> str:
    return f"| `WATERDESK_{name.upper()}` | {services} | {_shown(field)} | {field.description} |"


def _shown(field: FieldInfo) -> str:
    default = field.get_default(call_default_factory=True, validated_data=_DEFAULTS)
    if isinstance(default, Path) and default.is_relative_to(_ROOT):
        default = default.relative_to(_ROOT)
    return "" if default is None or str(default) in ("", "**********") else f"`{default}`"


if __name__ == "__main__":
    print(settings_table())
