"""WeChat's encryption: byte for byte what is published, and nothing gets by its checks."""

import base64
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.platform_kit.wechat_crypto import (
    BadSignature,
    MessageCrypto,
    NotForUs,
    Undecipherable,
    check_url_signature,
    message_signature,
    url_signature,
)

from .vectors import Vector, of_kind

ANOTHER_KEY = "Z" * 43
keys = st.text(string.ascii_letters + string.digits, min_size=43, max_size=43)
# Neither a lone surrogate nor anything else is excluded: WeChat sends what people type.
texts = st.text(max_size=600).filter(lambda text: not any("\ud800" <= c <= "\udfff" for c in text))
receivers = st.text(string.ascii_letters + string.digits, min_size=1, max_size=40)


def crypto_of(vector: Vector) -> MessageCrypto:
    return MessageCrypto(
        vector.get("token", ""),
        vector["encoding_aes_key"],
        vector["receiver_id"],
        random=lambda _: vector["random"].encode(),
    )


@pytest.mark.parametrize("vector", of_kind("url_signature"))
def test_the_server_check_is_signed_as_published(vector: Vector) -> None:
    parts = vector["token"], vector["timestamp"], vector["nonce"]
    assert url_signature(*parts) == vector["signature"]
    check_url_signature(*parts, vector["signature"])
    with pytest.raises(BadSignature):
        check_url_signature(*parts, vector["signature"][:-1])


@pytest.mark.parametrize("vector", of_kind("encrypted_message", "encrypted_echo"))
def test_published_messages_open(vector: Vector) -> None:
    stamp = vector["timestamp"], vector["nonce"]
    assert (
        message_signature(vector["token"], *stamp, vector["encrypted"]) == vector["msg_signature"]
    )
    opened = crypto_of(vector).open(vector["encrypted"], vector["msg_signature"], *stamp)
    assert opened == vector["plaintext"]


@pytest.mark.parametrize("vector", of_kind("encrypted_message", "encrypted_echo", "encrypt"))
def test_published_messages_are_reproduced_byte_for_byte(vector: Vector) -> None:
    crypto = crypto_of(vector)
    assert crypto.encrypt(vector["plaintext"]) == vector["encrypted"]
    assert crypto.decrypt(vector["encrypted"]) == vector["plaintext"]


@given(key=keys, receiver=receivers, text=texts)
def test_any_text_comes_back(key: str, receiver: str, text: str) -> None:
    crypto = MessageCrypto("token", key, receiver)
    encrypted = crypto.encrypt(text)
    signature = crypto.signature("1", "2", encrypted)
    assert crypto.open(encrypted, signature, "1", "2") == text
    assert len(base64.b64decode(encrypted)) % 32 == 0


@given(text=texts, where=st.integers(min_value=0), flip=st.integers(1, 255))
def test_a_flipped_byte_is_caught_by_the_signature(text: str, where: int, flip: int) -> None:
    crypto = MessageCrypto("token", ANOTHER_KEY, "wx1")
    sent = crypto.encrypt(text)
    changed = bytearray(base64.b64decode(sent))
    changed[where % len(changed)] ^= flip
    with pytest.raises(BadSignature):
        crypto.open(base64.b64encode(changed).decode(), crypto.signature("1", "2", sent), "1", "2")


@given(text=texts, receiver=receivers, other=receivers)
def test_a_message_for_another_account_is_refused(text: str, receiver: str, other: str) -> None:
    encrypted = MessageCrypto("token", ANOTHER_KEY, receiver).encrypt(text)
    us = MessageCrypto("token", ANOTHER_KEY, other)
    if receiver == other:
        assert us.decrypt(encrypted) == text
    else:
        with pytest.raises(NotForUs):
            us.decrypt(encrypted)


def test_the_previous_key_still_reads_and_never_writes() -> None:
    old = MessageCrypto("token", "A" * 43, "wx1")
    new = MessageCrypto("token", "B" * 43, "wx1", previous_key="A" * 43)
    assert new.decrypt(old.encrypt("三组又停水了")) == "三组又停水了"
    with pytest.raises(Undecipherable):
        old.decrypt(new.encrypt("三组又停水了"))


@pytest.mark.parametrize(
    "garbage",
    ["", "A", "不是密文", "AAAA", base64.b64encode(bytes(31)).decode(), "=" * 8],
)
def test_garbage_is_undecipherable(garbage: str) -> None:
    with pytest.raises(Undecipherable):
        MessageCrypto("token", ANOTHER_KEY, "wx1").decrypt(garbage)


@given(noise=st.binary(min_size=32, max_size=128))
def test_noise_never_raises_anything_else(noise: bytes) -> None:
    try:
        MessageCrypto("t", ANOTHER_KEY, "wx1").decrypt(base64.b64encode(noise).decode())
    except (Undecipherable, NotForUs):
        return
    pytest.fail("noise was taken for a message")


@pytest.mark.parametrize("key", ["", "short", "A" * 44, "+" * 43])
def test_a_wrong_kind_of_key_is_said_at_once(key: str) -> None:
    with pytest.raises(ValueError, match="EncodingAESKey"):
        MessageCrypto("token", key, "wx1")
