"""The drafts of one fault by what they say, and where one wording differs from the first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from services.dispatch.console.queries.review import DraftOfFault


@dataclass(frozen=True, slots=True)
class DraftToApprove:
    line: DraftOfFault
    version: int
    """The one whose words are shown; only this one is approved."""
    kind: str
    findings: tuple[Mapping[str, Any], ...]
    """What the checks of its words found."""

    @property
    def is_serious(self) -> bool:
        """Only approved where a person ticks it: nothing is ticked for them."""
        return any(each["serious"] for each in self.findings)


@dataclass(frozen=True, slots=True)
class Wording:
    sample: str
    """The whole words of the first draft of this wording."""
    pieces: tuple[tuple[str, bool], ...]
    """What it says, in pieces; True: the first wording does not say so."""
    drafts: tuple[DraftToApprove, ...]


def wordings_of(
    lines: Sequence[DraftOfFault], read: Sequence[Mapping[str, Any]]
) -> tuple[Wording, ...]:
    """The most frequent wording first. `read`: reply's answer; a line it leaves out has no draft
    any more."""
    texts = {each["complaint_id"]: each for each in read}
    grouped: dict[str, list[DraftOfFault]] = {}
    for line in lines:
        if line.complaint_id in texts:
            grouped.setdefault(texts[line.complaint_id]["wording"], []).append(line)
    wordings = sorted(grouped, key=lambda wording: -len(grouped[wording]))
    return tuple(
        Wording(
            sample=texts[grouped[wording][0].complaint_id]["text"],
            pieces=pieces_that_differ(wordings[0], wording),
            drafts=tuple(_draft(line, texts[line.complaint_id]) for line in grouped[wording]),
        )
        for wording in wordings
    )


def _draft(line: DraftOfFault, read: Mapping[str, Any]) -> DraftToApprove:
    return DraftToApprove(line, read["version"], read["kind"], tuple(read["findings"]))


def pieces_that_differ(first: str, other: str) -> tuple[tuple[str, bool], ...]:
    """`other` in pieces, each marked where it does not stand in `first`."""
    steps = SequenceMatcher(None, first, other, autojunk=False).get_opcodes()
    return tuple(
        (other[start:end], kind != "equal") for kind, _, _, start, end in steps if end > start
    )
