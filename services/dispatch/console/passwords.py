"""Passwords as Argon2id hashes (RFC 9106), computed in threads of their own."""

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 10
LONGEST = 500
_WAITING_AT_MOST = 60
"""Sign-ins that wait for a thread; some three seconds' work on two cores."""

_hasher = PasswordHasher()  # RFC 9106's low-memory profile: 64 MiB, three passes
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")
"""64 MiB each: more at once would let strangers fill the memory."""
_waiting: set[object] = set()


class TooManySignIns(Exception):
    """More people sign in at once than can be checked; in a few seconds it works again."""


def is_too_simple(password: str, name: str) -> bool:
    """Length counts most (NIST SP 800-63B, 5.1.1): ten characters, and not one's own name."""
    return len(password) < SHORTEST or password.casefold().strip() == name.casefold()


def one_time_password() -> str:
    return secrets.token_urlsafe(9)


async def password_matches(password_hash: str | None, password: str) -> bool:
    """None, for an unknown name, takes as long as a hash. Raises TooManySignIns."""
    if len(_waiting) >= _WAITING_AT_MOST:
        raise TooManySignIns
    loop = asyncio.get_running_loop()
    checking = loop.run_in_executor(_threads, _matches, password_hash, password)
    _waiting.add(checking)
    checking.add_done_callback(_waiting.discard)
    return await checking


async def hash_password(password: str) -> str:
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, password)


def _matches(password_hash: str | None, password: str) -> bool:
    try:
        return _hasher.verify(password_hash or _nobodys_hash(), password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys_hash() -> str:
    return _hasher.hash(secrets.token_urlsafe(32))
