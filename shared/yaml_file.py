"""Reading a YAML file that people edit: what is wrong is named by line and field.

PyYAML alone takes the last of two equal keys and forgets lines; pydantic knows fields only.
"""

from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

Content = TypeVar("Content", bound=BaseModel)
FieldPath = tuple[str, ...]


class FileInvalid(ValueError):
    """A file that cannot be used. The text names the file, and line and field of each problem."""


class _Loader(yaml.SafeLoader):
    """Leaves dates as they are written, so that a wrong one is refused with its line."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own way to say it
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def read_yaml(path: Path, model: type[Content]) -> Content:
    """The file's content as this model. Raises FileInvalid."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FileInvalid(f"{path.name}: cannot be read: {_in_one_line(error)}") from error
    lines: dict[FieldPath, int] = {}
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is not None:
            _note_lines(node, (), lines)
        content = loader.construct_document(node) if node is not None else None
    except (yaml.YAMLError, ValueError) as error:
        raise FileInvalid(f"{path.name}: {_in_one_line(error)}") from error
    try:
        return model.model_validate(content)
    except ValidationError as error:
        problems = (
            _described(tuple(map(str, problem["loc"])), problem["msg"], lines)
            for problem in error.errors(include_url=False, include_input=False)
        )
        raise FileInvalid(f"{path.name}: " + "; ".join(problems)) from None


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
                name, first = ".".join(here), lines[here]
                raise ValueError(f"line {line}: {name} stands here twice, first in line {first}")
            lines[here] = line
            _note_lines(value, here, lines)


def _described(field_path: FieldPath, message: str, lines: dict[FieldPath, int]) -> str:
    written = field_path
    while written and written not in lines:
        written = written[:-1]
    line, name = lines.get(written, 1), ".".join(field_path) or "the file"
    return f"line {line}: {name}: {message.removeprefix('Value error, ')}"


def _in_one_line(error: Exception) -> str:
    return " ".join(str(error).split())
