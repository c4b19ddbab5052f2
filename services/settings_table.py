"""The README's table of settings, made from the code."""

from pydantic.fields import FieldInfo

from services.assembly import SETTINGS
from shared.settings import CommonSettings


def settings_table() -> str:
    """Markdown: common settings first, then each service's own."""
    rows = ["| Variable | For | Default | What it is |", "|---|---|---|---|"]
    rows += [_row(name, "all", field) for name, field in CommonSettings.model_fields.items()]
    for service, settings in SETTINGS.items():
        rows += [
            _row(name, service, field)
            for name, field in settings.model_fields.items()
            if name not in CommonSettings.model_fields
        ]
    return "\n".join(rows)


def _row(name: str, service: str, field: FieldInfo) -> str:
    default = field.get_default(call_default_factory=True)
    shown = "" if default is None or str(default) == "" else f"`{default}`"
    return f"| `WATERDESK_{name.upper()}` | {service} | {shown} | {field.description} |"


if __name__ == "__main__":
    print(settings_table())
