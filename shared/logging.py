"""structlog, set up once per process: one JSON line an event, with its trace and bound ids.

No personal data is logged, because nothing that handles it logs it; what happens to exceptions
(shared.exception_text) and phone numbers here is a second net.
"""

import logging
import re
import sys

import structlog
from structlog.processors import ExceptionRenderer
from structlog.typing import EventDict, ExcInfo, WrappedLogger

from shared.exception_text import exception_text
from shared.telemetry import trace_id

_PHONE = re.compile(r"(?<!\d)(?:\+?86)?1[3-9]\d{9}(?!\d)|(?<!\d)0\d{2,3}-?\d{7,8}(?!\d)")


def configure_logging(level: str = "INFO") -> None:
    """Send every log line of this process, ours and the libraries', to standard error."""
    shared_processors: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace,
        ExceptionRenderer(_render_exception),
        _mask_phones,
    ]
    structlog.configure(
        processors=[*shared_processors, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_without_reprs)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
            foreign_pre_chain=shared_processors,
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for chatty in ("httpx", "httpcore", "alembic", "uvicorn.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _add_trace(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    if trace := trace_id():
        event["trace_id"] = trace
    return event


def _render_exception(exc_info: ExcInfo) -> str:
    return exception_text(exc_info[1])


def _mask_phones(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = _PHONE.sub("[phone]", value)
    return event


def _without_reprs(record: logging.LogRecord) -> bool:
    """asyncio tells of a task nobody awaited with the repr of its exception, on further lines."""
    if record.name == "asyncio" and isinstance(record.msg, str):
        record.msg = record.msg.partition("\n")[0]
    return True
