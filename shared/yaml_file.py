"""Reading YAML that people edit: what is wrong is named by line and field, in both languages.

PyYAML alone takes the last of two equal keys and forgets lines; pydantic knows fields only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from shared.problems import Text

Content = TypeVar("Content", bound=BaseModel)
FieldPath = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class YamlProblem:
    """`line` from 1; `field` dotted, empty where the whole text is meant."""

    line: int | None
    field: str
    text: Text

    def __str__(self) -> str:
        where = [f"line {self.line}"] if self.line else []
        return ": ".join([*where, *filter(None, [self.field]), self.text.en])


class FileInvalid(ValueError):
    """A file that cannot be used. The text names the file, and line and field of each problem."""

    def __init__(self, name: str, *problems: YamlProblem) -> None:
        super().__init__(f"{name}: " + "; ".join(map(str, problems)))
        self.problems = problems


class Unusable(ValueError):
    """What a model's validator says of a value, in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.text = Text(zh, en)


class _Loader(yaml.SafeLoader):
    """Leaves dates as they are written, so that a wrong one is refused with its line, and takes no
    aliases: a few lines of them stand for gigabytes."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own way to say it
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.get_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "aliases (*) are not taken", mark)
        return super().compose_node(parent, index)


def read_text(path: Path) -> str:
    """Raises FileInvalid."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = _in_one_line(error)
        problem = YamlProblem(None, "", Text(f"无法读取：{why}", f"cannot be read: {why}"))
        raise FileInvalid(path.name, problem) from error


def parse_yaml(text: str, model: type[Content], name: str) -> Content:
    """The content of this YAML as this model; `name` says what it is. Raises FileInvalid."""
    lines: dict[FieldPath, int] = {}
    node = node_of(text, name)
    try:
        if node is not None:
            _note_lines(node, (), lines)
        return model.model_validate(content_of(text) if node is not None else None)
    except _StandsTwice as twice:
        raise FileInvalid(name, twice.problem) from None
    except ValidationError as error:
        problems = (
            _problem(tuple(map(str, each["loc"])), each, lines)
            for each in error.errors(include_url=False, include_input=False)
        )
        raise FileInvalid(name, *problems) from None


def content_of(text: str) -> Any:
    """The plain content of YAML that can be read; dates as they are written."""
    return yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader


def node_of(text: str, name: str) -> yaml.Node | None:
    """What the text says, with the place of everything. Raises FileInvalid."""
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is not None:
            loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark, why = error.problem_mark, _in_one_line(error)
        line = mark.line + 1 if mark else None
        raise FileInvalid(name, YamlProblem(line, "", _not_yaml(why))) from error
    except (yaml.YAMLError, ValueError) as error:
        raise FileInvalid(name, YamlProblem(None, "", _not_yaml(_in_one_line(error)))) from error
    return node


def _not_yaml(why: str) -> Text:
    return Text(f"不是正确的 YAML 格式：{why}", why)


class _StandsTwice(Exception):
    def __init__(self, line: int, field: str, first: int) -> None:
        super().__init__(field)
        self.problem = YamlProblem(
            line,
            "",
            Text(
                f"{field} 写了两次，第一次在第 {first} 行",
                f"{field} stands here twice, first in line {first}",
            ),
        )


def _note_lines(node: yaml.Node, field_path: FieldPath, lines: dict[FieldPath, int]) -> None:
    """Note the line (from 1) of every field and list item below this node."""
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            lines[(*field_path, str(index))] = item.start_mark.line + 1
            _note_lines(item, (*field_path, str(index)), lines)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here, line = (*field_path, str(key.value)), key.start_mark.line + 1
            if here in lines:
                raise _StandsTwice(line, ".".join(here), lines[here])
            lines[here] = line
            _note_lines(value, here, lines)


# Pydantic's own types of errors: https://docs.pydantic.dev/latest/errors/validation_errors/
_ZH: Mapping[str, str] = {
    "missing": "缺少这一项",
    "extra_forbidden": "没有这一项设置",
    "enum": "不是可用的代码",
    "literal_error": "不是可用的代码",
    "bool_parsing": "应为 true 或 false",
    "bool_type": "应为 true 或 false",
    "int_parsing": "应为整数",
    "int_type": "应为整数",
    "string_type": "应为文字",
    "string_pattern_mismatch": "写法不对",
    "string_too_long": "太长",
    "string_too_short": "太短",
    "greater_than_equal": "太小",
    "less_than_equal": "太大",
    "too_short": "不能为空",
    "date_from_datetime_parsing": "不是日期，应写作 2026-05-01",
    "date_parsing": "不是日期，应写作 2026-05-01",
    "dict_type": "应为若干“名称: 内容”",
    "model_type": "应为若干“名称: 内容”",
    "list_type": "应为列表",
    "tuple_type": "应为列表",
}


def _problem(field_path: FieldPath, error: Any, lines: dict[FieldPath, int]) -> YamlProblem:
    written = field_path
    while written and written not in lines:
        written = written[:-1]
    line, name = lines.get(written, 1), ".".join(field_path) or "the file"
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, Unusable):
        return YamlProblem(line, name, cause.text)
    english = error["msg"].removeprefix("Value error, ")
    zh = _ZH.get(error["type"])
    return YamlProblem(line, name, Text(f"{zh}（{english}）" if zh else english, english))


def _in_one_line(error: Exception) -> str:
    return " ".join(str(error).split())
