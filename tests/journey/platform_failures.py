"""Failures injected into the platforms during the year: one at a time, over and over."""

from collections import Counter
from datetime import datetime
from itertools import cycle

from waterdesk.simulators.failure_modes import FailureMode, FailureQueue, InjectedFailure
from waterdesk.simulators.simulators import Simulators

_EVERY = 4
"""Steps between two failures."""

PLATFORM_FAILURES: tuple[tuple[str, InjectedFailure], ...] = (
    ("hotline", InjectedFailure(FailureMode.ERROR_5XX, "tickets")),
    ("hotline", InjectedFailure(FailureMode.DUPLICATE, "push")),
    ("hotline", InjectedFailure(FailureMode.TIMEOUT_AFTER_ACCEPTING, "reply")),
    ("board", InjectedFailure(FailureMode.WAF_403, "search")),
    ("wechat", InjectedFailure(FailureMode.DUPLICATE, "push")),
    ("hotline", InjectedFailure(FailureMode.LATE, "tickets")),
    ("wechat", InjectedFailure(FailureMode.TIMEOUT_AFTER_ACCEPTING, "customer_message")),
    ("board", InjectedFailure(FailureMode.TIMEOUT_AFTER_ACCEPTING, "answer")),
    ("hotline", InjectedFailure(FailureMode.TIMEOUT_BEFORE_ACCEPTING, "reply")),
    ("hotline", InjectedFailure(FailureMode.LATE, "push")),
    ("wechat", InjectedFailure(FailureMode.ERROR_5XX, "customer_message")),
    ("hotline", InjectedFailure(FailureMode.DUPLICATE, "tickets")),
    ("board", InjectedFailure(FailureMode.LATE, "answer")),
    ("hotline", InjectedFailure(FailureMode.ERROR_5XX, "reply")),
    ("hotline", InjectedFailure(FailureMode.DISORDER, "tickets")),
    ("wechat", InjectedFailure(FailureMode.LATE, "push")),
    ("board", InjectedFailure(FailureMode.DUPLICATE, "search")),
    ("hotline", InjectedFailure(FailureMode.TIMEOUT_AFTER_ACCEPTING, "accept")),
    ("hotline", InjectedFailure(FailureMode.TIMEOUT_AFTER_ACCEPTING, "return")),
    ("board", InjectedFailure(FailureMode.ERROR_5XX, "content")),
    ("hotline", InjectedFailure(FailureMode.ERROR_5XX, "look")),
    ("wechat", InjectedFailure(FailureMode.TIMEOUT_AFTER_ACCEPTING, "template_message")),
)


class PlatformFailures:
    """Injects them into the simulators of one process in turn, until `recovers_at`.

    A failure waits in its queue for an operation it applies to, and is not queued twice. So a
    failure that was queued and does not wait any more has happened.
    """

    def __init__(self, simulators: Simulators, recovers_at: datetime) -> None:
        self._queues: dict[str, FailureQueue] = {
            "hotline": simulators.hotline.failures,
            "board": simulators.board.failures,
            "wechat": simulators.wechat.failures,
        }
        self._recovers_at = recovers_at
        self._steps = cycle([None] * (_EVERY - 1) + [0])
        self._next = cycle(PLATFORM_FAILURES)
        self._injected: Counter[str] = Counter()

    def on_step(self, now: datetime) -> None:
        if now >= self._recovers_at:
            for queue in self._queues.values():
                queue.clear()
        elif next(self._steps) is not None:
            simulator, failure = next(self._next)
            queue = self._queues[simulator]
            if failure not in queue.waiting():
                queue.add(failure.kind, on=failure.on)
                self._injected[name_of(simulator, failure)] += 1

    def happened(self) -> Counter[str]:
        """How often each has happened so far, by name."""
        waiting = Counter(
            name_of(simulator, failure)
            for simulator, queue in self._queues.items()
            for failure in queue.waiting()
        )
        return self._injected - waiting


def name_of(simulator: str, failure: InjectedFailure) -> str:
    return f"{simulator} {failure.on}: {failure.kind}"
