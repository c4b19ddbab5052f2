"""Reply's periodic tasks: each does what is due now, in transactions of its own."""

from collections.abc import Mapping
from functools import partial

from shared.db import Database
from shared.service import PeriodicTask

from .channels.channel import AcknowledgingChannel
from .context import ReplyConfig, in_transaction
from .extension_sender import ExtensionSender
from .handlers.acknowledge_tickets import acknowledge_due
from .handlers.deadline_recount import recount_outdated
from .handlers.deadline_sweep import sweep
from .handlers.interim_replies import prepare_interim_replies
from .handlers.pauses import end_pauses
from .handlers.platform_probes import probe_idle
from .question_sender import QuestionSender
from .sender import Sender

_RECOUNT_SECONDS = 5.0
_PROBE_SECONDS = 10.0
_INTERIM_SECONDS = 5.0
_TEMPLATE_SECONDS = 2.0
"""After which a template, or a rule of release, that was changed at another replica is used."""

_END_PAUSES_SECONDS = 10.0


def tasks(
    database: Database,
    config: ReplyConfig,
    sender: Sender,
    questions: QuestionSender,
    extension_sender: ExtensionSender,
    acknowledging: Mapping[str, AcknowledgingChannel],
    *,
    sweep_seconds: float,
    sender_seconds: float,
) -> list[PeriodicTask]:
    found = [
        PeriodicTask("sweep", partial(in_transaction, database, config, sweep), sweep_seconds),
        PeriodicTask("send", sender.once, sender_seconds),
        PeriodicTask("ask_residents", questions.once, sender_seconds),
        PeriodicTask("extensions", extension_sender.once, sender_seconds),
        PeriodicTask(
            "recount", partial(in_transaction, database, config, recount_outdated), _RECOUNT_SECONDS
        ),
    ]
    if sender.channels:
        probe = partial(probe_idle, database, config, sender.channels)
        found.append(PeriodicTask("probe", probe, _PROBE_SECONDS))
    interim = partial(in_transaction, database, config, prepare_interim_replies)
    found.append(PeriodicTask("interim", interim, _INTERIM_SECONDS))
    found.append(PeriodicTask("templates", partial(_refresh, database, config), _TEMPLATE_SECONDS))
    end = partial(in_transaction, database, config, end_pauses)
    found.append(PeriodicTask("end_pauses", end, _END_PAUSES_SECONDS))
    if acknowledging:
        acknowledge = partial(acknowledge_due, database, config, acknowledging)
        found.append(PeriodicTask("acknowledge", acknowledge, sender_seconds))
    return found


async def _refresh(database: Database, config: ReplyConfig) -> int:
    async with database.reading() as session:
        await config.templates.refresh(session)
        await config.release_rules.refresh(session)
    return 0
