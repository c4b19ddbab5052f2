"""What the routes have in common: database and context, and how a refusal is answered."""

from typing import Annotated

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse

from services.intake.context import Context
from services.intake.handlers.refusals import Refusal, Refused
from shared.auth.requires import NOT_ALLOWED
from shared.auth.tokens import Person
from shared.problems import Problem, Text, problem_response

_REFUSED: dict[Refusal, tuple[int, Text]] = {
    Refusal.UNKNOWN: (404, Text("没有这件诉求。", "There is no such complaint.")),
    Refusal.CATEGORY_CONTRADICTS: (
        422,
        Text(
            "“不属于我方”与类别不一致：不属于我方时类别须为 not_ours，属于时不能为 not_ours。",
            "The category is not_ours exactly where the complaint is not ours.",
        ),
    ),
    Refusal.VILLAGE_UNKNOWN: (
        422,
        Text("地名表中没有这个村的编码。", "The gazetteer has no village of this code."),
    ),
    Refusal.VILLAGE_MISSING: (
        422,
        Text("这类诉求需要派人到场，请选择村。", "A crew will be sent: choose the village."),
    ),
    Refusal.NOT_RETURNED: (
        409,
        Text("这件诉求没有判为非供水职责。", "It is not decided to be another body's matter."),
    ),
    Refusal.RETURNED_BEFORE: (
        409,
        Text(
            "平台已认定由本单位办理，不能再次退回。",
            "The platform has decided that it is ours: it cannot be returned again.",
        ),
    ),
    Refusal.DECIDED_BY_ANOTHER: (
        409,
        Text(
            "已由他人研判；如需更正，请确认后再提交。",
            "Somebody else has decided it; to put that right, send it with overrule.",
        ),
    ),
}


async def context_of(request: Request) -> Context:
    """FastAPI dependency: gazetteer, vault and hashes, set where the app is wired."""
    context = request.app.state.context
    assert isinstance(context, Context)
    return context


ContextHere = Annotated[Context, Depends(context_of)]


async def _on_refused(request: Request, refused: Exception) -> JSONResponse:
    assert isinstance(refused, Refused)
    status, text = _REFUSED[refused.why]
    return problem_response(request, Problem(status, refused.why.value, text))


def answer_refusals(app: FastAPI) -> None:
    """Make `app` answer every Refused as problem+json."""
    app.add_exception_handler(Refused, _on_refused)


def refuse_unopened(complaint_id: str, person: Person) -> None:
    """Raises Problem 403 for a crew whose token does not list this complaint."""
    if not person.may_open(complaint_id):
        raise Problem(403, "not_allowed", NOT_ALLOWED)
