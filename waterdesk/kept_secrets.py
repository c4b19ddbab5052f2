"""The secrets of the embedded form: made on its first start, kept beside its data.

Without them nobody can read residents' data, so they are never made anew beside data that exist.
"""

import json
import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.privacy.vault import new_key


class SecretsLost(Exception):
    """secrets.json is damaged, or missing beside data; the text says what to restore."""


class KeptSecrets(BaseModel):
    """What secrets.json holds."""

    model_config = ConfigDict(hide_input_in_errors=True)

    secret: str
    privacy_keys: str


def kept_secrets(home: Path) -> KeptSecrets:
    """Of the installation in `home`. Made where there are no data yet. Raises SecretsLost."""
    path = home / "secrets.json"
    if not path.exists():
        if (home / "postgres").exists():
            raise SecretsLost(
                f"{path}: 数据还在，密钥文件不见了 missing beside existing data: restore it from"
                " the backup (without it residents' data cannot be read), or set WATERDESK_SECRET"
                " and WATERDESK_PRIVACY_KEYS to what it held"
            )
        _make(path)
    try:
        return KeptSecrets.model_validate_json(path.read_bytes())
    except ValidationError:
        raise SecretsLost(f"{path}: 密钥文件已损坏 damaged: restore it from the backup") from None


def _make(path: Path) -> None:
    """Whole or not at all; where two processes make it at once, the first one's stands."""
    made = {"secret": secrets.token_urlsafe(48), "privacy_keys": new_key()}
    descriptor, unfinished = tempfile.mkstemp(dir=path.parent, prefix=".secrets")  # 0600
    try:
        with os.fdopen(descriptor, "w") as file:
            json.dump(made, file)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(unfinished, path)
    finally:
        Path(unfinished).unlink()
