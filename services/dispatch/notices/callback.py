"""A member has pressed a button of a card: the step is taken as theirs, and the card follows."""

from collections.abc import Mapping

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.dispatch.api.steps import StepTaker
from services.dispatch.commands import Accept, Arrive, Command
from services.dispatch.models import (
    CardUpdate,
    Happening,
    Staff,
    StaffMessage,
    WorkOrder,
    WorkOrderStep,
)
from services.dispatch.rules.card_answers import Standing, buttons_now, words_of
from services.dispatch.rules.staff_messages import Button
from services.dispatch.rules.work_order import State
from services.dispatch.settings import DispatchSettings
from shared.auth.tokens import Person
from shared.platform_kit.wechat_crypto import MessageCrypto
from shared.platform_kit.wecom import CODE_USABLE_FOR
from shared.platform_kit.wecom_callback import Pressed, WeComCallback
from shared.problems import Problem
from shared.sql import table_of

from .acknowledging import acknowledge

log = structlog.get_logger(__name__)

_COMMANDS: Mapping[Button, Command] = {Button.ACCEPT: Accept(), Button.ON_SITE: Arrive()}
_LED_TO: Mapping[State, Happening] = {
    State.ACCEPTED: Happening.ACCEPTED,
    State.ON_SITE: Happening.ARRIVED,
    State.REPAIRED: Happening.REPAIRED,
    State.CLOSED: Happening.CLOSED,
}
_NEW = insert(table_of(CardUpdate)).on_conflict_do_nothing()


def callback_of(settings: DispatchSettings) -> WeComCallback | None:
    """None: WeCom is off."""
    if settings.wecom_secret is None:
        return None
    assert settings.wecom_token is not None
    assert settings.wecom_aes_key is not None
    previous = settings.wecom_previous_aes_key
    crypto = MessageCrypto(
        settings.wecom_token.get_secret_value(),
        settings.wecom_aes_key.get_secret_value(),
        settings.wecom_corp_id,
        previous.get_secret_value() if previous else None,
    )
    return WeComCallback(crypto, settings.wecom_window_seconds)


async def press(taker: StepTaker, pressed: Pressed) -> None:
    """Take the step, or acknowledge the alert; then queue what the card says. The same press again
    changes nothing; one that cannot be taken any more is answered on the card with what is true
    now. Nothing is said to whoever does not hold the card."""
    async with taker.database.reading() as session:
        held = await _held(session, pressed)
        repeated = await session.get(CardUpdate, pressed.response_code) is not None
    if held is None:
        log.warning("press_not_theirs", message_id=pressed.task_id, button=pressed.key)
        return
    if repeated:
        return
    message, staff = held
    button, now = Button(pressed.key), taker.database.clock.now()
    if button is Button.ACKNOWLEDGE:
        words = await taker.run(lambda context: acknowledge(context, staff, message.alert_id, now))
        buttons: list[str] = []
    else:
        words, buttons = await _take_step(taker, message, staff, button)
    update = CardUpdate(
        response_code=pressed.response_code,
        message_id=message.id,
        usable_until=now + CODE_USABLE_FOR,
        pressed=button.value,
        pressed_at=now,
        shown=words,
        buttons=buttons,
        state="queued",
        next_attempt_at=now,
    )
    async with taker.database.work() as (working, _):
        await working.execute(_NEW, update.model_dump())


async def _held(session: AsyncSession, pressed: Pressed) -> tuple[StaffMessage, Staff] | None:
    """The card and its holder, if that is who pressed, and the button is one of it."""
    found = await session.execute(
        select(StaffMessage, Staff)
        .join(Staff, col(Staff.sign_in_name) == col(StaffMessage.sign_in_name))
        .where(col(StaffMessage.id) == pressed.task_id, col(Staff.active))
    )
    row = found.tuples().one_or_none()
    if row is None:
        return None
    message, staff = row
    is_theirs = (staff.wecom_userid or "").casefold() == pressed.user_id.casefold()
    return row if is_theirs and pressed.key in (message.buttons or [Button.ACKNOWLEDGE]) else None


async def _take_step(
    taker: StepTaker, message: StaffMessage, staff: Staff, button: Button
) -> tuple[str, list[str]]:
    assert message.work_order_id is not None
    refused = None
    try:
        await taker(staff.person, message.work_order_id, _COMMANDS[button])
    except Problem as problem:
        refused = problem.text.zh
        log.info(
            "press_refused",
            message_id=message.id,
            work_order_id=message.work_order_id,
            button=button.value,
            why=problem.key,
        )
    async with taker.database.reading() as session:
        standing = await _standing(session, message.work_order_id, staff.person)
    if standing is None:
        return refused or "", []
    return words_of(standing, refused), buttons_now(standing, message.buttons)


async def _standing(session: AsyncSession, work_order_id: str, person: Person) -> Standing | None:
    work_order = await session.get(WorkOrder, work_order_id)
    if work_order is None or work_order.county != person.county:
        return None
    state = State(work_order.state)
    is_theirs = work_order.crew_id is not None and work_order.crew_id == person.crew_id
    led_here = await session.execute(
        select(Staff.display_name, WorkOrderStep.who, WorkOrderStep.at)  # type: ignore[call-overload]
        .outerjoin(Staff, col(Staff.sign_in_name) == col(WorkOrderStep.who))
        .where(
            col(WorkOrderStep.work_order_id) == work_order_id,
            col(WorkOrderStep.what) == _LED_TO.get(state),
        )
        .order_by(col(WorkOrderStep.id).desc())
        .limit(1)
    )
    step = led_here.one_or_none()
    if step is None:
        return Standing(state, is_theirs)
    shown, who, at = step
    return Standing(state, is_theirs, shown or who, at)
