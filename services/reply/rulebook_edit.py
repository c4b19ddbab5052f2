"""What people change in a form, put into the YAML of policies or a calendar.

Only the places that are named change, so that a field no form knows stays as it is.
"""

from collections.abc import Sequence
from datetime import date, timedelta

from shared.yaml_file import content_of

from .commands import ChangeOfRulebook
from .rules.objections import CommandRejected, Objection
from .yaml_edit import Path, put, remove


def with_changes(text: str, changes: Sequence[ChangeOfRulebook], under: Path = ()) -> str:
    """`under`: where the paths begin. Raises CommandRejected where a place is not there."""
    try:
        for change in changes:
            path = (*under, *change.path)
            text = remove(text, path) if change.value is None else put(text, path, change.value)
    except KeyError:
        raise CommandRejected(Objection.UNKNOWN_RULEBOOK_PLACE) from None
    return text


def with_policy(
    text: str, policy_id: str, changes: Sequence[ChangeOfRulebook], counts_from: date | None
) -> str:
    """The policies with one changed. From a day on: it ends the day before, and a copy with the
    changes follows, so that what was sent before is counted as it was. Raises CommandRejected."""
    policies = content_of(text)["policies"]
    index = next((n for n, each in enumerate(policies) if each["id"] == policy_id), None)
    if index is None:
        raise CommandRejected(Objection.UNKNOWN_RULEBOOK_PLACE)
    place, old = ("policies", str(index)), policies[index]
    in_force = old["in_force"]
    if counts_from is None or in_force is None:
        text = with_changes(text, changes, place)
        if counts_from is not None:
            text = put(text, (*place, "in_force"), {"from": str(counts_from)})
        return text
    text = put(text, (*place, "in_force", "to"), str(counts_from - timedelta(days=1)))
    follower = {**old, "id": _dated(policy_id, counts_from)}
    follower["in_force"] = {**in_force, "from": str(counts_from)}
    behind = ("policies", str(len(policies)))
    return with_changes(put(text, behind, follower), changes, behind)


def _dated(policy_id: str, day: date) -> str:
    """`ordinary-20270101` follows `ordinary`, and is followed by `ordinary-20270701`."""
    name, _, last = policy_id.rpartition("-")
    is_dated = len(last) == 8 and last.isdigit()
    return f"{name if is_dated else policy_id}-{day:%Y%m%d}"
