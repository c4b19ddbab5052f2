"""The policies that deadlines are counted by: read by everybody, edited by admins."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from services.dispatch.console.durations import UNITS, duration_words, read_duration
from services.dispatch.console.errors import not_found
from services.dispatch.console.language import Words, both
from services.dispatch.console.pages.rulebook import (
    composed,
    must_read,
    read_rulebook,
    show_preview,
)
from services.dispatch.console.queries.staff import read_display_names
from services.dispatch.console.rendering import page, words_of
from services.dispatch.console.rulebook_forms import STAGES, changes_of_policy
from services.dispatch.console.session import allowed
from shared.auth.permissions import Permission
from shared.auth.tokens import Person
from shared.db import DatabaseHere
from shared.problems import Problem
from shared.routes import Route

router = APIRouter(prefix="/policies", route_class=Route)

Editor = Annotated[Person, allowed(Permission.POLICY_EDIT)]


@router.get("")
async def policies_page(
    request: Request,
    person: Annotated[Person, allowed(Permission.POLICY_SEE)],
    database: DatabaseHere,
) -> Response:
    """All of them: whom they are for, their limits, since when, on what ground; and the history."""
    rulebook, words = await read_rulebook(request, "policies"), words_of(request)
    async with database.reading() as session:
        names = await read_display_names(session, person.county)
    return page(
        request,
        "policies.html",
        rulebook=rulebook,
        names=names,
        within=lambda written: duration_words(words, written),
        scope_of=lambda policy: _scope(words, policy),
    )


@router.get("/{policy_id}/edit")
async def edit_page(request: Request, policy_id: str, _: Editor) -> Response:
    newest = await must_read(request, "/rulebook/policies")
    policy = _of(newest, policy_id)
    stages = [(stage, (policy["stages"].get(stage) or {}).get("within")) for stage in STAGES]
    return page(
        request,
        "policy_edit.html",
        policy=policy,
        based_on=newest["number"],
        ladders=newest["parsed"].get("ladders") or (),
        stages=[
            (stage, written, read_duration(written) if written else None)
            for stage, written in stages
        ],
        units=UNITS,
    )


@router.post("/{policy_id}/edit")
async def edit(request: Request, policy_id: str, _: Editor) -> Response:
    """What the form changes, previewed; nothing is saved yet."""
    newest = await must_read(request, "/rulebook/policies")
    form = {name: str(value) for name, value in (await request.form()).items()}
    if form.get("based_on") != str(newest["number"]):
        raise Problem(409, "rulebook_changed_since", both("rulebook.changed_since"))
    try:
        counts_from = date.fromisoformat(form["counts_from"]) if form.get("counts_from") else None
        changes = changes_of_policy(_of(newest, policy_id), form)
    except (ValueError, KeyError):
        raise Problem(422, "invalid_request", both("rulebook.invalid_day")) from None
    if counts_from:  # then they are the dates of the policy that follows
        changes = [each for each in changes if each["path"][:1] != ["in_force"]]
    body = {"changes": changes, "counts_from": counts_from and str(counts_from)}
    made = await composed(request, f"/rulebook/policies/compose/{policy_id}", body)
    return await show_preview(
        request, "policies", content=made["content"], based_on=newest["number"]
    )


def _scope(words: Words, policy: Mapping[str, Any]) -> list[str]:
    """Whom it is for, where that is not everybody."""
    kinds = policy.get("kind", [])
    urgency = policy.get("urgency")
    return [
        *([words.code("platform", policy["platform"])] if "platform" in policy else []),
        *([words("policies.urgent") if urgency == "urgent" else str(urgency)] if urgency else []),
        *(words.code("category", kind) for kind in ([kinds] if isinstance(kinds, str) else kinds)),
        *([str(policy["county"])] if "county" in policy else []),
    ]


def _of(newest: Any, policy_id: str) -> Any:
    for policy in newest["parsed"]["policies"]:
        if policy["id"] == policy_id:
            return policy
    raise not_found("policy")
