"""What a form of a policy or of closures changes, as places in the YAML that reply keeps.

A field that no form shows is never named, and so stays as it is.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.dispatch.console.durations import UNITS, write_duration
from services.dispatch.console.language import both
from shared.problems import Problem

STAGES = ("accept", "first_contact", "on_site", "resolve", "reply", "call_back")
Change = dict[str, Any]


def changes_of_policy(policy: Mapping[str, Any], form: Mapping[str, str]) -> list[Change]:
    """Only what differs. Raises Problem 422."""
    changes: list[Change] = []

    def change(*path: str, value: object) -> None:
        changes.append({"path": list(path), "value": value})

    for name in ("name", "source"):
        if (typed := " ".join(form[name].split())) != " ".join(str(policy[name]).split()):
            change(name, value=typed)
    if (unverified := "unverified" in form) != policy["unverified"]:
        change("unverified", value=unverified)
    if (allowed := _number(form, "extensions_allowed")) != policy["extensions_allowed"]:
        change("extensions_allowed", value=allowed)
    if (ladder := form.get("ladder", "")) != (policy.get("ladder") or ""):
        change("ladder", value=ladder or None)
    _change_force(policy["in_force"], _day(form, "from"), _day(form, "to"), change)
    for stage in STAGES:
        before = (policy["stages"].get(stage) or {}).get("within")
        within = _within(form, stage, before)
        if within == before:
            continue
        if before is None:
            change("stages", stage, value={"within": within})
        elif within is None:
            change("stages", stage, value=None)
        else:
            change("stages", stage, "within", value=within)
    return changes


def _change_force(in_force: Mapping[str, Any] | None, first: str, last: str, change: Any) -> None:
    if in_force is None or not first:
        if in_force is not None or first:
            change("in_force", value={"from": first, **({"to": last} if last else {})})
        return
    if first != str(in_force["from"]):
        change("in_force", "from", value=first)
    if last != str(in_force.get("to") or ""):
        change("in_force", "to", value=last or None)


def _within(form: Mapping[str, str], stage: str, before: str | None) -> str | None:
    """None: the policy does not have this stage."""
    amount, unit = form.get(f"amount_{stage}", "").strip(), form.get(f"unit_{stage}", "")
    if unit == "as_written":
        return before
    if not amount:
        return None
    if unit not in UNITS:
        raise _invalid("number")
    return write_duration(_number(form, f"amount_{stage}"), unit)


def closures_with(closures: list[Change], form: Mapping[str, str]) -> list[Change]:
    """The county's closures and one more. Raises Problem 422."""
    first, last = _day(form, "from"), _day(form, "to")
    reason = " ".join(form.get("reason", "").split())
    if not first or not reason:
        raise _invalid("closure")
    days = f"{first}..{last}" if last and last != first else first
    return [*closures, {"days": days, "part": form.get("part", "day"), "reason": reason}]


def notice_of(form: Mapping[str, str]) -> dict[str, Any]:
    """A year's notice. Lists of days stand one in a line, or parted by commas."""
    return {
        "year": _number(form, "year"),
        "notice": " ".join(form.get("notice", "").split()),
        "holidays": lines_of(form.get("holidays", "")),
        "make_up_workdays": lines_of(form.get("make_up_workdays", "")),
    }


def lines_of(typed: str) -> list[str]:
    for mark in ("，", "、", ",", "；", ";"):
        typed = typed.replace(mark, "\n")
    return [line.strip() for line in typed.splitlines() if line.strip()]


def _number(form: Mapping[str, str], name: str) -> int:
    typed = form.get(name, "").strip()
    if not (typed.isascii() and typed.isdigit() and len(typed) <= 6):
        raise _invalid("number")
    return int(typed)


def _day(form: Mapping[str, str], name: str) -> str:
    """As it was typed, or empty."""
    typed = form.get(name, "").strip()
    try:
        return str(date.fromisoformat(typed)) if typed else ""
    except ValueError:
        raise _invalid("day") from None


def _invalid(what: str) -> Problem:
    return Problem(422, "invalid_request", both(f"rulebook.invalid_{what}"))
