"""What a person is answered whose step cannot be taken, in both languages."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum

from services.dispatch.handlers.failure_history import UnknownHotspot
from services.dispatch.handlers.work_order_guards import (
    StaleVersion,
    StepRefused,
    UnknownCrew,
    UnknownWorkOrder,
)
from services.dispatch.rules.assignment import AssignmentRefusal
from services.dispatch.rules.fault_matching import MergeRefusal
from services.dispatch.rules.work_order import StepRefusal
from shared.problems import Problem, Text

TEXTS: Mapping[StrEnum, Text] = {
    StepRefusal.NOT_YOUR_CREWS: Text(
        "这项任务已不在您的维修队名下。", "This work order is not your crew's."
    ),
    StepRefusal.ONLY_THE_OFFICE: Text("此项操作由调度员办理。", "Only a dispatcher can do this."),
    StepRefusal.NO_CREW_YET: Text("还没有派给维修队。", "No crew has it yet."),
    StepRefusal.NOT_ACCEPTED_YET: Text("请先接单。", "Accept it first."),
    StepRefusal.NOT_ARRIVED_YET: Text("请先确认到场。", "Confirm the arrival first."),
    StepRefusal.ALREADY_FURTHER: Text("这一步已经过去了。", "This step is past already."),
    StepRefusal.EXPECTED_BEFORE_NOW: Text(
        "预计修好时间须晚于现在。", "The repair is to be expected later than now."
    ),
    StepRefusal.ALREADY_REPAIRED: Text("已经修好。", "It is repaired already."),
    StepRefusal.ALREADY_CLOSED: Text("任务已经结束。", "It is closed already."),
    StepRefusal.STILL_OPEN: Text(
        "任务还没有修好或结束。", "It is neither repaired nor closed yet."
    ),
    StepRefusal.MERGED_FOR_GOOD: Text(
        "任务已并入另一项，请在那一项上处理。",
        "It was merged into another work order; act on that one.",
    ),
    StepRefusal.UNANSWERED: Text(
        "还有居民没有得到答复，或还有时限没有办结。请写明仍要关闭的原因。",
        "A resident waits for an answer, or a deadline is open. Say why it is closed all the same.",
    ),
    AssignmentRefusal.NOT_ACTIVE: Text("该维修队已停用。", "This crew is not active."),
    AssignmentRefusal.OF_ANOTHER_KIND: Text(
        "办公室事项派给办公室，维修派给维修队。",
        "Office tasks go to the office, repairs to a repair crew.",
    ),
    AssignmentRefusal.FULL: Text(
        "该维修队手上的任务已满。", "This crew has all the work orders it can have."
    ),
    MergeRefusal.SAME_WORK_ORDER: Text("不能并入自身。", "It cannot be merged into itself."),
    MergeRefusal.OTHER_SCHEME: Text(
        "不同供水工程的任务不能合并。", "Work orders of different schemes cannot be merged."
    ),
    MergeRefusal.OFFICE_TASK: Text("办公室事项不合并。", "Office tasks are not merged."),
    MergeRefusal.TARGET_CLOSED: Text(
        "要并入的任务已经结束。", "The work order to merge into is closed."
    ),
}
_NOT_ALLOWED = frozenset({StepRefusal.NOT_YOUR_CREWS, StepRefusal.ONLY_THE_OFFICE})
_STALE = Text(
    "任务刚被别人改过，请刷新后再试。",
    "Somebody has just changed this work order; reload and try again.",
)
_UNKNOWN_WORK_ORDER = Text("没有这项维修任务。", "There is no such work order.")
_UNKNOWN_CREW = Text("没有这个维修队。", "There is no such crew.")
_UNKNOWN_HOTSPOT = Text("没有这个反复故障点。", "There is no such hotspot.")


@contextmanager
def as_problems() -> Iterator[None]:
    """Around a handler's call: what it refuses becomes a Problem."""
    try:
        yield
    except UnknownWorkOrder:
        raise Problem(404, "unknown_work_order", _UNKNOWN_WORK_ORDER) from None
    except UnknownCrew:
        raise Problem(404, "unknown_crew", _UNKNOWN_CREW) from None
    except UnknownHotspot:
        raise Problem(404, "unknown_hotspot", _UNKNOWN_HOTSPOT) from None
    except StaleVersion:
        raise Problem(409, "stale_version", _STALE) from None
    except StepRefused as refused:
        status = 403 if refused.why in _NOT_ALLOWED else 409
        raise Problem(status, refused.why.value, TEXTS[refused.why]) from None
