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
        before = await _pressed_before(session, pressed.task_id)
    if held is None:
        log.warning("press_not_theirs", message_id=pressed.task_id, button=pressed.key)
        return
    if pressed.response_code in before:
        return
    message, staff = held
    button, now = Button(pressed.key), taker.database.clock.now()
    if button is Button.ACKNOWLEDGE:
        words = await taker.run(lambda context: acknowledge(context, staff, message.alert_id, now))
        standing = await _standing(taker, message, staff.person)
    else:
        refused = await _take_step(taker, message, staff.person, button)
        standing = await _standing(taker, message, staff.person)
        words = words_of(standing, refused) if standing else refused or ""
    buttons = buttons_now(standing, message.buttons) if standing else []
    if button is not Button.ACKNOWLEDGE and Button.ACKNOWLEDGE in message.buttons:
        buttons += [] if Button.ACKNOWLEDGE in before.values() else [Button.ACKNOWLEDGE.value]
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


async def _pressed_before(session: AsyncSession, message_id: str) -> Mapping[str, str | None]:
    """The buttons of this card that were pressed, by response code."""
    found = await session.execute(
        select(col(CardUpdate.response_code), col(CardUpdate.pressed)).where(
            col(CardUpdate.message_id) == message_id
        )
    )
    return dict(found.tuples().all())


async def _take_step(
    taker: StepTaker, message: StaffMessage, person: Person, button: Button
) -> str | None:
    """Returns why it is refused, as a sentence for the person; None: it is taken."""
    assert message.work_order_id is not None
    try:
        await taker(person, message.work_order_id, _COMMANDS[button])
    except Problem as problem:
        log.info(
            "press_refused",
            message_id=message.id,
            work_order_id=message.work_order_id,
            button=button.value,
            why=problem.key,
        )
        return problem.text.zh
    return None


async def _standing(taker: StepTaker, message: StaffMessage, person: Person) -> Standing | None:
    """None: the message is about no work order, or one that is gone."""
    if message.work_order_id is None:
        return None
    async with taker.database.reading() as session:
        work_order = await session.get(WorkOrder, message.work_order_id)
        if work_order is None or work_order.county != person.county:
            return None
        state = State(work_order.state)
        led_here = await session.execute(
            select(col(Staff.display_name), col(WorkOrderStep.who), col(WorkOrderStep.at))
            .select_from(WorkOrderStep)
            .outerjoin(Staff, col(Staff.sign_in_name) == col(WorkOrderStep.who))
            .where(
                col(WorkOrderStep.work_order_id) == work_order.id,
                col(WorkOrderStep.what) == _LED_TO.get(state),
            )
            .order_by(col(WorkOrderStep.id).desc())
            .limit(1)
        )
        step = led_here.tuples().one_or_none()
    is_theirs = work_order.crew_id is not None and work_order.crew_id == person.crew_id
    if step is None:
        return Standing(state, is_theirs)
    shown, who, at = step
    return Standing(state, is_theirs, shown or who, at)
