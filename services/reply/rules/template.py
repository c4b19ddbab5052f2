"""The template of a reply: words with facts left open by their names in braces.

    现场查看：{found}。处理措施：{done}。

- A sentence ends with 。！？ or with its line. One that names a fact nobody knows is left out.
- A label at the beginning of a line (办理情况：) stands as long as a sentence of its line does.
- A line of which nothing is left is left out.

Nothing in a template is executed, and what is filled in is never read as a template.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Self

NAMES: Final[Mapping[str, tuple[str, str]]] = {
    "subject": ("地点和事项", "place and matter"),
    "place": ("村或供水工程", "village, else scheme"),
    "matter": ("事项（停水、水质等）", "matter (outage, quality, …)"),
    "scheme": ("供水工程", "scheme"),
    "crew": ("维修队", "crew"),
    "arrived_at": ("到场时间", "when the crew arrived"),
    "found": ("现场查明的情况", "what was found"),
    "done": ("处理措施", "what was done"),
    "repaired_at": ("修好时间", "when it was repaired"),
    "expected_at": ("预计修好时间", "when the repair is expected"),
    "contacted_at": ("联系反映人的时间", "when the resident was contacted"),
    "note": ("未发现问题时的核查说明", "what the office wrote where nothing was found"),
    "reason": ("退回原因", "why a ticket goes back"),
    "responsible": ("责任单位", "who is responsible"),
    "office": ("本单位名称", "our office"),
    "service_phone": ("服务电话", "our service phone"),
    "today": ("落款日期", "the day of the draft"),
}
"""Every name a template may use, with what it stands for (Chinese, English)."""

_SENTENCE = re.compile(r"[^。！？]*[。！？]+|[^。！？]+")
_LABEL = re.compile(r"[^\s：:{}。！？，]{2,8}：")
_NAMED = re.compile(r"\{([^{}]*)\}")


class TemplateInvalid(ValueError):
    """`wrong`: the first name that there is not, or a brace without its other half."""

    def __init__(self, wrong: str) -> None:
        super().__init__(wrong)
        self.wrong = wrong


@dataclass(frozen=True, slots=True)
class _Piece:
    """A sentence, a line, or the whole template."""

    words: str
    """With %s for each name, and %% for a per cent sign."""
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Line:
    label: str
    sentences: tuple[_Piece, ...]

    def without(self, unknown: frozenset[str]) -> _Piece | None:
        """None: nothing is left of it."""
        left = [each for each in self.sentences if unknown.isdisjoint(each.names)]
        if self.sentences and not left:
            return None
        return _joined("", [_Piece(self.label), *left])


@dataclass(frozen=True, slots=True)
class Template:
    text: str
    lines: tuple[_Line, ...]
    names: tuple[str, ...]
    """Each once."""
    _left: dict[tuple[str, ...], _Piece] = field(default_factory=dict, compare=False, repr=False)
    """By the facts that nobody knows: what is left. Drafts of one repair mostly lack the same."""

    @classmethod
    def of(cls, text: str) -> Self:
        """Raises TemplateInvalid."""
        lines = tuple(map(_line, text.strip().splitlines()))
        names = [name for line in lines for each in line.sentences for name in each.names]
        return cls(text, lines, tuple(dict.fromkeys(names)))

    def fill(self, values: Mapping[str, str]) -> str:
        """`values` by NAMES; a missing or empty one is a fact that nobody knows."""
        unknown = tuple([name for name in self.names if not values.get(name)])
        left = self._left.get(unknown)
        if left is None:
            lines = (line.without(frozenset(unknown)) for line in self.lines)
            left = _joined("\n", [line for line in lines if line is not None])
            self._left[unknown] = left
        return left.words % tuple([values[name] for name in left.names])


def _joined(between: str, pieces: Sequence[_Piece]) -> _Piece:
    words = between.join([piece.words for piece in pieces])
    return _Piece(words, tuple([name for piece in pieces for name in piece.names]))


@lru_cache(maxsize=1024)
def template_of(text: str) -> Template:
    """Parsed once. Raises TemplateInvalid."""
    return Template.of(text)


def _line(text: str) -> _Line:
    label = _LABEL.match(text)
    start = label.end() if label else 0
    sentences = tuple(map(_sentence, _SENTENCE.findall(text[start:])))
    return _Line(text[:start].replace("%", "%%"), sentences)


def _sentence(text: str) -> _Piece:
    pieces = _NAMED.split(text)  # literal, name, literal, …
    for number, piece in enumerate(pieces):
        if number % 2 and piece not in NAMES:
            raise TemplateInvalid(f"{{{piece}}}")
        if not number % 2 and (brace := re.search(r"[{}]", piece)):
            raise TemplateInvalid(brace[0])
    literals = [piece.replace("%", "%%") for piece in pieces[::2]]
    return _Piece("%s".join(literals), tuple(pieces[1::2]))
