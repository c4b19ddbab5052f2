"""Sealed values name their key, and open with it alone, in their row alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.privacy.vault import FINGERPRINT_BYTES, SealedWithAnotherKey, Vault, new_key

OLD, NEW = new_key(), new_key()


@given(plain=st.binary())
def test_what_is_sealed_names_the_first_key_and_opens(plain: bytes) -> None:
    vault = Vault([NEW, OLD])
    sealed = vault.seal(plain, belongs_to="words/1")
    assert sealed[:FINGERPRINT_BYTES].hex() == vault.fingerprints[0]
    assert vault.open(sealed, belongs_to="words/1") == plain


def test_an_older_key_still_opens_and_another_does_not() -> None:
    sealed = Vault([OLD]).seal(b"x", belongs_to="words/1")
    assert Vault([NEW, OLD]).open(sealed, belongs_to="words/1") == b"x"
    with pytest.raises(SealedWithAnotherKey):
        Vault([NEW]).open(sealed, belongs_to="words/1")


@pytest.mark.parametrize("damage", [slice(0, 0), slice(0, 3), slice(0, 12), slice(0, -1)])
def test_what_was_cut_or_moved_does_not_open(damage: slice) -> None:
    vault = Vault([NEW])
    sealed = vault.seal(b"x", belongs_to="words/1")
    with pytest.raises(SealedWithAnotherKey):
        vault.open(sealed[damage], belongs_to="words/1")
    with pytest.raises(SealedWithAnotherKey):
        vault.open(sealed, belongs_to="words/2")


def test_a_fingerprint_is_of_the_key_alone_and_tells_nothing_of_it() -> None:
    assert Vault([NEW, OLD]).fingerprints == [
        *Vault([NEW]).fingerprints,
        *Vault([OLD]).fingerprints,
    ]
    assert NEW not in "".join(Vault([NEW]).fingerprints)


@pytest.mark.parametrize("keys", [[], [""], ["short"], ["A" * 44]])
def test_what_is_no_key(keys: list[str]) -> None:
    with pytest.raises(ValueError, match=r"key"):
        Vault(keys)
