"""How long to wait before the next guess at a password.

Source: OWASP Authentication Cheat Sheet, "Login Throttling", and OWASP "Slow Down Online Guessing
Attacks with Device Cookies": guesses from a device on which this person has signed in before are
counted apart, so that a stranger's guesses do not keep them out.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=24)
"""Failures count until there was none for so long."""

FREE_FAILURES = {"name": 5, "device": 5, "address": 20}
"""How many failures have no wait. An office shares one address, so that allows more."""


@dataclass(frozen=True, slots=True, order=True)
class Counter:
    """What failures are counted by."""

    kind: str
    """A key of FREE_FAILURES."""
    value: str


@dataclass(frozen=True, slots=True)
class Failures:
    count: int
    last_at: datetime


def counters_of(name: str, address: str, device_id: str | None) -> tuple[Counter, ...]:
    """What an attempt is counted by. `device_id`: where this name has signed in on it before."""
    if device_id is not None:
        return (Counter("device", f"{device_id} {name}"),)
    return (Counter("address", _network_of(address)), Counter("name", name))


def wait_before_next(counter: Counter, failures: Failures, now: datetime) -> timedelta:
    """Zero where the next attempt may be made now. Each failure doubles the wait."""
    beyond = failures.count - FREE_FAILURES[counter.kind]
    if beyond < 0 or now - failures.last_at >= FORGOTTEN_AFTER:
        return timedelta(0)
    wait = min(FIRST_WAIT * (1 << min(beyond, 10)), LONGEST_WAIT)
    return max(failures.last_at + wait - now, timedelta(0))


def after_failure(failures: Failures, now: datetime) -> Failures:
    old = now - failures.last_at >= FORGOTTEN_AFTER
    return Failures(1 if old else failures.count + 1, now)


def after_success(counter: Counter, failures: Failures) -> Failures:
    """Whoever has one account takes back only their own attempt from the address they share."""
    count = failures.count - 1 if counter.kind == "address" else 0
    return Failures(max(count, 0), failures.last_at)


def _network_of(address: str) -> str:
    """One IPv6 subscriber has a /64 network of addresses (RFC 6177), so that is counted as one."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((parsed, 64), strict=False)) if parsed.version == 6 else address
