"""Change one place of a YAML text; comments and everything else stay as people wrote them."""

from collections.abc import Sequence
from typing import Any

import yaml

from shared.yaml_file import content_of, node_of

Path = Sequence[str]
"""Keys, and indexes of list items as digits, from the top."""


def put(text: str, path: Path, value: object, name: str = "yaml") -> str:
    """The text with `value` at this path, whose parents are there. Comments inside what is replaced
    are lost. Raises FileInvalid where the text is no YAML, KeyError without the parents."""
    wanted = _with(content_of(text), path, value)
    root = node_of(text, name)
    if root is None:
        raise KeyError(path)
    edited = _put(text, root, path, value)
    if content_of(edited) == wanted:
        return edited
    # An unusual layout (a list not indented below its key, anchors): right, without comments.
    return str(yaml.safe_dump(wanted, allow_unicode=True, sort_keys=False, width=100))


def remove(text: str, path: Path, name: str = "yaml") -> str:
    """The text without what stands at this path. Raises FileInvalid, KeyError."""
    parent = content_of(text)
    for key in path[:-1]:
        parent = parent[_key(parent, key)]
    gone = _key(parent, path[-1])
    if isinstance(parent, list):
        return put(text, path[:-1], [each for n, each in enumerate(parent) if n != gone], name)
    return put(text, path[:-1], {k: each for k, each in parent.items() if k != gone}, name)


def _with(content: Any, path: Path, value: object) -> Any:
    if not path:
        return value
    copied = list(content) if isinstance(content, list) else dict(content)
    key = _key(content, path[0], new=len(path) == 1)
    if isinstance(copied, list) and key == len(copied):
        copied.append(value)
    else:
        copied[key] = value if len(path) == 1 else _with(content[key], path[1:], value)
    return copied


def _key(content: Any, key: str, *, new: bool = False) -> Any:
    """The key as it stands there: a year is a number."""
    if isinstance(content, list):
        if key.isdigit() and int(key) < len(content) + new:
            return int(key)
        raise KeyError(key)
    if isinstance(content, dict):
        for each in content:
            if str(each) == key:
                return each
        if new:
            return int(key) if key.isdigit() and any(isinstance(k, int) for k in content) else key
    raise KeyError(key)


def _put(text: str, root: yaml.Node, path: Path, value: object) -> str:
    parents = [root]
    for key in path:
        child = _child(parents[-1], key)
        if child is None:
            return _add(text, parents[-1], path, value)
        parents.append(child)
    return _replace(text, parents[-1], value)


def _child(node: yaml.Node, key: str) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode) and key.isdigit() and int(key) < len(node.value):
        return node.value[int(key)]  # type: ignore[no-any-return]
    if isinstance(node, yaml.MappingNode):
        return next((child for own, child in node.value if str(own.value) == key), None)
    return None


def _replace(text: str, node: yaml.Node, value: object) -> str:
    start, end = node.start_mark.index, _end(text, node)
    as_block = _is_block(node) and isinstance(value, dict | list) and bool(value)
    return text[:start] + _dumped(value, node.start_mark.column, as_block) + text[end:]


def _add(text: str, parent: yaml.Node, path: Path, value: object) -> str:
    """A new last child; a parent in one line, or an empty one, is written again as a whole."""
    key = path[-1]
    if not _is_block(parent) or not parent.value:
        before = content_of(text[parent.start_mark.index : _end(text, parent)])
        return _replace(text, parent, _with(before if before is not None else {}, [key], value))
    column, end = parent.start_mark.column, _end(text, parent)
    if isinstance(parent, yaml.SequenceNode):
        written = _dumped([value], column, as_block=True)
    else:
        own = parent.value[-1][0]
        is_number = own.tag.endswith(":int") and key.isdigit()
        written = _dumped({int(key) if is_number else key: value}, column, as_block=True)
    return f"{text[:end]}\n{' ' * column}{written}{text[end:]}"


def _is_block(node: yaml.Node) -> bool:
    return isinstance(node, yaml.CollectionNode) and not node.flow_style


def _end(text: str, node: yaml.Node) -> int:
    """Where what it says ends: a block's own mark stands behind the comments that follow."""
    while _is_block(node) and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    start, end = node.start_mark.index, node.end_mark.index
    return int(start) + len(text[start:end].rstrip())


def _dumped(value: object, column: int, as_block: bool) -> str:
    written = yaml.safe_dump(
        value,
        allow_unicode=True,
        sort_keys=False,
        default_flow_style=None if as_block else True,
        width=100 if as_block else 10_000,
    )
    lines = written.removesuffix("...\n").rstrip("\n").split("\n")
    return ("\n" + " " * column).join(lines)
