"""Personal data at rest: AES-256-GCM, one key for writing, older ones for reading."""

import base64
import binascii
import secrets
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KEY_BYTES = 32
_NONCE_BYTES = 12


class SealedWithAnotherKey(Exception):
    """None of our keys opens it, or it was changed at rest."""


def new_key() -> str:
    """A fresh 256-bit key, base64."""
    return base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()


def _read_key(written: str) -> bytes:
    try:
        key = base64.b64decode(written, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _KEY_BYTES:  # AES would also take 16 or 24
        raise ValueError("a privacy key must be 32 bytes in base64")
    return key


class Vault:
    """`keys`: base64, 32 bytes each; the first seals, all open. Raises ValueError for a bad one."""

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise ValueError("a vault needs at least one key")
        self._ciphers = [AESGCM(_read_key(key)) for key in keys]

    def seal(self, plain: bytes, *, belongs_to: str) -> bytes:
        """`belongs_to` ties it to its row: sealed bytes moved to another row do not open."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._ciphers[0].encrypt(nonce, plain, belongs_to.encode())

    def open(self, sealed: bytes, *, belongs_to: str) -> bytes:
        """Raises SealedWithAnotherKey."""
        nonce, body = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        for cipher in self._ciphers:
            try:
                return cipher.decrypt(nonce, body, belongs_to.encode())
            except InvalidTag:
                continue
        raise SealedWithAnotherKey(belongs_to)
