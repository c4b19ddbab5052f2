"""What simulated platforms wrote down: an independent witness of how often a reply arrived.

Only where replies went to simulators (the demo, the journey tests): real platforms keep no book for
us. Their journal is read as it lies there, beside whoever is writing it.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import md5
from pathlib import Path
from typing import Any

from .facts import Delivery, Reply

JOURNAL = "simulators.jsonl"
"""In the installation's home."""


_ToPerson = tuple[str, str]
"""openid, MD5 of the words."""


@dataclass(slots=True)
class Witness:
    """Feed it every reply, then ask for the deliveries."""

    stored: Counter[str | _ToPerson] = field(default_factory=Counter)
    """How often a platform has a reply: by request id, on WeChat by person and words."""
    numbers: set[tuple[str, str]] = field(default_factory=set)
    """Platform and number of all that was ever said there: what else we answer, it cannot know."""
    openids: dict[str, str] = field(default_factory=dict)
    """Who wrote a WeChat message, by its MsgId."""
    _to_persons: dict[_ToPerson, list[Delivery]] = field(default_factory=lambda: defaultdict(list))

    def delivery(self, reply: Reply) -> Delivery | None:
        """None: nothing can be said of it, or not before all are read (`to_persons`)."""
        if reply.external_id is None or (reply.platform, reply.external_id) not in self.numbers:
            return None
        attempted, delivered = int(reply.was_sent), reply.state == "delivered" and not reply.by_hand
        if reply.platform != "wechat":
            return Delivery((reply.id,), attempted, int(delivered), self.stored[reply.request_id])
        # Outside WeChat's 48 hours a notice goes out, which carries only the first of the words.
        as_message = reply.receipt in (None, reply.request_id)
        if as_message and reply.words is not None:
            person = self.openids[reply.external_id], reply.words
            self._to_persons[person].append(Delivery((reply.id,), attempted, int(delivered), 0))
        return None

    def to_persons(self) -> Iterator[Delivery]:
        for person, group in self._to_persons.items():
            yield Delivery(
                ids=tuple(one for each in group for one in each.ids),
                attempted=sum(each.attempted for each in group),
                delivered=sum(each.delivered for each in group),
                stored=self.stored[person],
            )


def read_journal(path: Path) -> Witness | None:
    """What the simulators wrote into `path`; None: there are none. Raises OSError, ValueError."""
    if not path.exists():
        return None
    witness = Witness()
    with path.open("rb") as journal:
        for line in journal:
            if line.endswith(b"\n"):  # else it is being written: nobody was answered yet
                entry = json.loads(line)
                _note(witness, entry["simulator"], entry["kind"], entry["data"])
    return witness


def _note(witness: Witness, simulator: str, kind: str, data: Mapping[str, Any]) -> None:
    match simulator, kind:
        case "hotline", "changed":
            witness.numbers.add(("hotline_12345", data["issueNumber"]))
        case "hotline", "replied" | "returned":
            witness.stored[data["receipt"]["requestId"]] += 1
        case "board", "posted":
            witness.numbers.add(("message_board", str(data["tid"])))
        case "board", "answered":
            witness.stored[data["requestId"]] += 1
        case "wechat", "user_spoke":
            witness.numbers.add(("wechat", data["messageId"]))
            witness.openids[data["messageId"]] = data["openid"]
        case "wechat", "customer_message":
            words = md5(data["content"].encode(), usedforsecurity=False).hexdigest()
            witness.stored[data["openid"], words] += 1
