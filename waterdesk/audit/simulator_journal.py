"""The simulators' journal as an independent record of how often a reply arrived.

Only for replies sent to simulators (the demo and the journey tests). The file may be read while the
simulators write it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import md5
from pathlib import Path
from typing import Any

from waterdesk.simulators.journal import entry_of

from .records import Delivery, Reply

JOURNAL = "simulators.jsonl"
"""In the installation's home."""


_PersonText = tuple[str, str]
"""openid, MD5 of the text."""


@dataclass(slots=True)
class JournalDeliveries:
    """Compares replies with the journal: `delivery` for every reply first, then `to_persons`."""

    stored: Counter[str | _PersonText] = field(default_factory=Counter)
    """How often a platform stored a reply: by request id, on WeChat by person and text."""
    numbers: set[tuple[str, str]] = field(default_factory=set)
    """Platform and number of every complaint submitted at the simulators."""
    openids: dict[str, str] = field(default_factory=dict)
    """Who wrote a WeChat message, by its MsgId."""
    _by_person: dict[_PersonText, list[Delivery]] = field(default_factory=lambda: defaultdict(list))

    def delivery(self, reply: Reply) -> Delivery | None:
        """None: the journal does not cover it, or `to_persons` will."""
        if reply.external_id is None or (reply.platform, reply.external_id) not in self.numbers:
            return None
        attempted, delivered = int(reply.was_sent), reply.state == "delivered" and not reply.by_hand
        if reply.platform != "wechat":
            return Delivery((reply.id,), attempted, int(delivered), self.stored[reply.request_id])
        # Outside WeChat's 48 hours a notice is sent, which holds only the beginning of the text.
        as_message = reply.receipt in (None, reply.request_id)
        if as_message and reply.text_md5 is not None:
            person = self.openids[reply.external_id], reply.text_md5
            self._by_person[person].append(Delivery((reply.id,), attempted, int(delivered), 0))
        return None

    def to_persons(self) -> Iterator[Delivery]:
        for person, group in self._by_person.items():
            yield Delivery(
                ids=tuple(one for each in group for one in each.ids),
                attempted=sum(each.attempted for each in group),
                delivered=sum(each.delivered for each in group),
                stored=self.stored[person],
            )


def read_journal(path: Path) -> JournalDeliveries | None:
    """Read the journal at `path`; None: there is none. Raises OSError, JournalDamaged."""
    if not path.exists():
        return None
    deliveries = JournalDeliveries()
    with path.open("rb") as journal:
        for number, line in enumerate(journal, start=1):
            if line.endswith(b"\n"):  # an incomplete last line was not answered yet
                entry = entry_of(path, number, line)
                _add_entry(deliveries, entry.simulator, entry.kind, entry.data)
    return deliveries


def _add_entry(
    deliveries: JournalDeliveries, simulator: str, kind: str, data: Mapping[str, Any]
) -> None:
    match simulator, kind:
        case "hotline", "changed":
            deliveries.numbers.add(("hotline_12345", data["issueNumber"]))
        case "hotline", "replied" | "returned":
            deliveries.stored[data["receipt"]["requestId"]] += 1
        case "board", "posted":
            deliveries.numbers.add(("message_board", str(data["tid"])))
        case "board", "answered":
            deliveries.stored[data["requestId"]] += 1
        case "wechat", "user_spoke":
            deliveries.numbers.add(("wechat", data["messageId"]))
            deliveries.openids[data["messageId"]] = data["openid"]
        case "wechat", "customer_message":
            text = md5(data["content"].encode(), usedforsecurity=False).hexdigest()
            deliveries.stored[data["openid"], text] += 1
