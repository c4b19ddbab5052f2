"""Signatures and message encryption of WeChat official accounts and of WeCom (企业微信).

Source: WeChat's developer documentation, 消息加解密说明. A message is `random16 + length (4 bytes,
big endian) + text + receiver id`, padded to 32 bytes as PKCS#7 does, AES-256-CBC with the key
base64(EncodingAESKey + "=") and its first 16 bytes as IV. Signatures are SHA-1 over the sorted and
joined parts: weak by today's measure, and what the platform speaks.
"""

import base64
import binascii
import hashlib
import os
import struct
from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from shared.platform_kit.signatures import BadSignature as BadSignature
from shared.platform_kit.signatures import same_signature

_PADDING_BITS = 256
_RANDOM_BYTES = 16
_HEAD_BYTES = _RANDOM_BYTES + 4


class NotForUs(Exception):
    """The message decrypts well, but was meant for another account."""


class Undecipherable(Exception):
    """Neither the current nor the previous key opens the message."""


def _sha1_of_sorted(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def url_signature(token: str, timestamp: str, nonce: str) -> str:
    """`signature` of the server check and of every plain-mode delivery (40 hex digits)."""
    return _sha1_of_sorted(token, timestamp, nonce)


def message_signature(token: str, timestamp: str, nonce: str, encrypted: str) -> str:
    """`msg_signature` of a safe-mode delivery or reply (40 hex digits)."""
    return _sha1_of_sorted(token, timestamp, nonce, encrypted)


def check_url_signature(token: str, timestamp: str, nonce: str, signature: str) -> None:
    """Raises BadSignature unless `signature` is that of WeChat, which knows our token."""
    if not same_signature(signature, url_signature(token, timestamp, nonce)):
        raise BadSignature("the WeChat signature does not match")


class MessageCrypto:
    """Encrypts and decrypts the messages of one account.

    `receiver_id` is the appid (official account) or corpid (WeCom). `previous_key` is still
    accepted for reading, so that a key can be changed while messages are on their way.
    Raises ValueError for a key that is not 43 letters and digits.
    """

    def __init__(
        self,
        token: str,
        encoding_aes_key: str,
        receiver_id: str,
        previous_key: str | None = None,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._token = token
        self._receiver_id = receiver_id
        self._key = _aes_key(encoding_aes_key)
        self._readable_with = [self._key]
        if previous_key:
            self._readable_with.append(_aes_key(previous_key))
        self._random = random

    def encrypt(self, plaintext: str) -> str:
        """The base64 text that stands in `Encrypt`."""
        text = plaintext.encode()
        head = self._random(_RANDOM_BYTES) + struct.pack(">I", len(text))
        padder = PKCS7(_PADDING_BITS).padder()
        padded = padder.update(head + text + self._receiver_id.encode()) + padder.finalize()
        encryptor = _cipher(self._key).encryptor()
        return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode("ascii")

    def decrypt(self, encrypted: str) -> str:
        """The text in `Encrypt`; its signature is not looked at (see `open`).

        Raises NotForUs or Undecipherable.
        """
        meant_for_another = False
        for key in self._readable_with:
            try:
                text, receiver = _split(_unpadded(key, encrypted))
            except ValueError:
                continue
            if same_signature(receiver, self._receiver_id):
                return text
            meant_for_another = True
        if meant_for_another:
            raise NotForUs("the message was encrypted for another account")
        raise Undecipherable("no known key opens the message")

    def signature(self, timestamp: str, nonce: str, encrypted: str) -> str:
        """`msg_signature` over one encrypted text."""
        return message_signature(self._token, timestamp, nonce, encrypted)

    def open(self, encrypted: str, signature: str, timestamp: str, nonce: str) -> str:
        """Check a safe-mode message's signature, then decrypt it.

        Raises BadSignature (before anything is decrypted), NotForUs or Undecipherable.
        """
        if not same_signature(signature, self.signature(timestamp, nonce, encrypted)):
            raise BadSignature("the WeChat message signature does not match")
        return self.decrypt(encrypted)


def is_aes_key(encoding_aes_key: str) -> bool:
    return len(encoding_aes_key) == 43 and encoding_aes_key.isascii() and encoding_aes_key.isalnum()


def _aes_key(encoding_aes_key: str) -> bytes:
    if not is_aes_key(encoding_aes_key):
        raise ValueError("an EncodingAESKey has 43 letters and digits")
    # The 43rd digit carries two bits too many; they are often not zero and must be ignored.
    return base64.b64decode(encoding_aes_key + "=")


def _cipher(key: bytes) -> Cipher[modes.CBC]:
    return Cipher(algorithms.AES256(key), modes.CBC(key[:16]))


def _unpadded(key: bytes, encrypted: str) -> bytes:
    try:
        ciphertext = base64.b64decode(encrypted, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    decryptor = _cipher(key).decryptor()
    padded = decryptor.update(ciphertext) + decryptor.finalize()
    unpadder = PKCS7(_PADDING_BITS).unpadder()
    return unpadder.update(padded) + unpadder.finalize()


def _split(plain: bytes) -> tuple[str, str]:
    """Text and receiver id. Raises ValueError where the length does not fit or it is not UTF-8."""
    if len(plain) < _HEAD_BYTES:
        raise ValueError("too short")
    (length,) = struct.unpack(">I", plain[_RANDOM_BYTES:_HEAD_BYTES])
    if len(plain) < _HEAD_BYTES + length:
        raise ValueError("shorter than it says")
    end = _HEAD_BYTES + length
    return plain[_HEAD_BYTES:end].decode(), plain[end:].decode()
