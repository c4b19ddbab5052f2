"""What goes wrong with the platforms while the county lives: one trouble at a time, each again."""

from collections import Counter
from datetime import datetime
from itertools import cycle

from waterdesk.simulators.faults import Fault, FaultKind, Faults
from waterdesk.simulators.simulators import Simulators

_EVERY = 4
"""Moments between two troubles."""

TROUBLES: tuple[tuple[str, Fault], ...] = (
    ("hotline", Fault(FaultKind.ERROR_5XX, "orders")),
    ("hotline", Fault(FaultKind.DUPLICATE, "push")),
    ("hotline", Fault(FaultKind.TIMEOUT_AFTER_ACCEPTING, "reply")),
    ("board", Fault(FaultKind.WAF_403, "search")),
    ("wechat", Fault(FaultKind.DUPLICATE, "push")),
    ("hotline", Fault(FaultKind.LATE, "orders")),
    ("wechat", Fault(FaultKind.TIMEOUT_AFTER_ACCEPTING, "customer_message")),
    ("board", Fault(FaultKind.TIMEOUT_AFTER_ACCEPTING, "answer")),
    ("hotline", Fault(FaultKind.TIMEOUT_BEFORE_ACCEPTING, "reply")),
    ("hotline", Fault(FaultKind.LATE, "push")),
    ("wechat", Fault(FaultKind.ERROR_5XX, "customer_message")),
    ("hotline", Fault(FaultKind.DUPLICATE, "orders")),
    ("board", Fault(FaultKind.LATE, "answer")),
    ("hotline", Fault(FaultKind.ERROR_5XX, "reply")),
    ("hotline", Fault(FaultKind.DISORDER, "orders")),
    ("wechat", Fault(FaultKind.LATE, "push")),
    ("board", Fault(FaultKind.DUPLICATE, "search")),
    ("hotline", Fault(FaultKind.TIMEOUT_AFTER_ACCEPTING, "accept")),
    ("hotline", Fault(FaultKind.TIMEOUT_AFTER_ACCEPTING, "return")),
    ("board", Fault(FaultKind.ERROR_5XX, "content")),
    ("hotline", Fault(FaultKind.ERROR_5XX, "look")),
    ("wechat", Fault(FaultKind.TIMEOUT_AFTER_ACCEPTING, "template_message")),
)


class Troubles:
    """Puts them to the simulators of one process in turn, until `recovers_at`.

    Each waits for the operation it fits; while one waits, the same is not put a second time. So
    what was put and waits no more has happened.
    """

    def __init__(self, simulators: Simulators, recovers_at: datetime) -> None:
        self._queues: dict[str, Faults] = {
            "hotline": simulators.hotline.faults,
            "board": simulators.board.faults,
            "wechat": simulators.wechat.faults,
        }
        self._recovers_at = recovers_at
        self._turns = cycle([None] * (_EVERY - 1) + [0])
        self._next = cycle(TROUBLES)
        self._put: Counter[str] = Counter()

    def at(self, moment: datetime) -> None:
        if moment >= self._recovers_at:
            for queue in self._queues.values():
                queue.clear()
        elif next(self._turns) is not None:
            simulator, fault = next(self._next)
            queue = self._queues[simulator]
            if fault not in queue.waiting():
                queue.add(fault.kind, on=fault.on)
                self._put[name_of(simulator, fault)] += 1

    def happened(self) -> Counter[str]:
        """How often each has happened so far, by its name."""
        waiting = Counter(
            name_of(simulator, fault)
            for simulator, queue in self._queues.items()
            for fault in queue.waiting()
        )
        return self._put - waiting


def name_of(simulator: str, fault: Fault) -> str:
    return f"{simulator} {fault.on}: {fault.kind}"
