"""We asked a resident on WeChat whether it is solved; a message of theirs may be the answer."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import LargeBinary, bindparam, select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel.ext.asyncio.session import AsyncSession

from services.intake.models import Complaint, NewDelivery, Question
from services.intake.platforms.incoming import Kind
from services.intake.rules.answers import Answer, read_answer
from shared.ids import new_id
from shared.sql import any_of, table_of
from shared.vocabulary import Category

ANSWERED_WITHIN = timedelta(days=7)
"""Editable default: how long after the question a message may answer it."""

_questions, _complaints = table_of(Question), table_of(Complaint)
_ASK = insert(_questions)
_ASKED = _ASK.on_conflict_do_update(
    index_elements=["complaint_id"], set_={"asked_at": _ASK.excluded.asked_at}
)
_OPEN = (
    select(
        _complaints.c.person_key,
        _complaints.c.external_id,
        _complaints.c.category,
        _complaints.c.village_code,
        _questions.c.asked_at,
    )
    .join(_questions, _questions.c.complaint_id == _complaints.c.id)
    .where(
        _complaints.c.person_key == any_of("person_keys", LargeBinary),
        _complaints.c.platform == bindparam("its_platform"),
        _complaints.c.county == bindparam("its_county"),
    )
    .order_by(_questions.c.asked_at)
)


async def ask(session: AsyncSession, complaint_id: str, now: datetime) -> None:
    """The resident is about to be asked about this complaint; asking again asks anew."""
    await session.execute(_ASKED, {"complaint_id": complaint_id, "asked_at": now})


async def turn_into_answers(
    session: AsyncSession, deliveries: Sequence[NewDelivery], now: datetime
) -> list[NewDelivery]:
    """Rewrite what answers an open question into an evaluation of the complaint asked about.

    What says more, about another matter or village, stays as it is, and the answer is added as a
    delivery of its own: no complaint is lost. Of several open questions the newest is answered.
    """
    answers = {
        delivery.raw_id: answer
        for delivery in deliveries
        if delivery.person_key and (answer := read_answer(delivery.incoming.text))
    }
    if not answers:
        return []
    any_incoming = deliveries[0].incoming
    found = await session.execute(
        _OPEN,
        {
            "person_keys": [each.person_key for each in deliveries if each.raw_id in answers],
            "its_platform": any_incoming.platform,
            "its_county": any_incoming.county,
        },
    )
    asked = [(row.person_key, row) for row in found]
    added = []
    for delivery in deliveries:
        answer = answers.get(delivery.raw_id)
        at = delivery.incoming.stated_at
        questions = [
            row
            for key, row in asked
            if key == delivery.person_key
            # Platforms print whole seconds.
            and timedelta(seconds=-1) <= at - row.asked_at <= ANSWERED_WITHIN
        ]
        if answer is None or not questions:
            continue
        question = questions[-1]
        evaluation = replace(
            delivery.incoming,
            kind=Kind.EVALUATION,
            external_id=question.external_id,
            satisfied=answer.satisfied,
        )
        about = Category(question.category), question.village_code
        if _is_another_matter(delivery, answer, *about):
            name = f"{evaluation.delivery_id}:answer"
            also = replace(evaluation, delivery_id=name)
            added.append(replace(delivery, incoming=also, raw_id=new_id("r", now)))
        else:
            delivery.incoming = evaluation
    return added


def _is_another_matter(
    delivery: NewDelivery, answer: Answer, category: Category, village_code: str | None
) -> bool:
    classified = delivery.classification
    if answer.is_bare:
        return False
    other_matter = classified.category_is_clear and classified.category is not category
    return other_matter or classified.village_code not in (None, village_code)
