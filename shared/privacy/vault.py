"""Personal data at rest: AES-256-GCM, one key for writing, older ones for reading."""

import base64
import binascii
import hashlib
import secrets
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KEY_BYTES = 32
_NONCE_BYTES = 12
FINGERPRINT_BYTES = 8
"""Every sealed value begins with the fingerprint of its key."""


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


def _fingerprint(key: bytes) -> bytes:
    return hashlib.sha256(b"waterdesk privacy key\0" + key).digest()[:FINGERPRINT_BYTES]


class Vault:
    """`keys`: base64, 32 bytes each; the first seals, all open. Raises ValueError for a bad one."""

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise ValueError("a vault needs at least one key")
        self._ciphers = {
            _fingerprint(key): AESGCM(key) for key in map(_read_key, dict.fromkeys(keys))
        }
        self._writes_with = next(iter(self._ciphers))

    @property
    def fingerprints(self) -> list[str]:
        """Of the keys, 16 hex digits each; the first is that of the key which seals."""
        return [fingerprint.hex() for fingerprint in self._ciphers]

    def seal(self, plain: bytes, *, belongs_to: str) -> bytes:
        """`belongs_to` ties it to its row: sealed bytes moved to another row do not open."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._ciphers[self._writes_with].encrypt(nonce, plain, belongs_to.encode())
        return self._writes_with + nonce + sealed

    def open(self, sealed: bytes, *, belongs_to: str) -> bytes:
        """Raises SealedWithAnotherKey."""
        cipher = self._ciphers.get(sealed[:FINGERPRINT_BYTES])
        body_at = FINGERPRINT_BYTES + _NONCE_BYTES
        try:
            if cipher is not None:
                nonce = sealed[FINGERPRINT_BYTES:body_at]
                return cipher.decrypt(nonce, sealed[body_at:], belongs_to.encode())
        except (InvalidTag, ValueError):  # changed, or too short to hold a nonce
            pass
        raise SealedWithAnotherKey(belongs_to)
