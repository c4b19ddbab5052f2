"""How a template is read and filled in."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reply.rules.drafting import Answering
from services.reply.rules.template import NAMES, Template, TemplateInvalid
from services.reply.template_book import shipped_templates
from shared.yaml_file import FileInvalid

KNOWN = {"found": "水泵烧毁", "done": "更换", "crew": "一队"}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        pytest.param("现场查看：{found}。", "现场查看：水泵烧毁。", id="a fact"),
        pytest.param("{found}。{repaired_at}修好。谢谢。", "水泵烧毁。谢谢。", id="left out"),
        pytest.param("{crew}于{repaired_at}修好。谢谢！", "谢谢！", id="one of two is not known"),
        pytest.param("办理情况：{note}。{done}。", "办理情况：更换。", id="the label stands"),
        pytest.param("服务电话：{service_phone}\n{done}", "更换", id="an empty line"),
        pytest.param("您好：\n\n{done}。", "您好：\n\n更换。", id="lines without facts stay"),
        pytest.param("%s 100% {done}。", "%s 100% 更换。", id="a per cent sign is a sign"),
        pytest.param("{ found}", None, id="not a plain name"),
        pytest.param("{found.__class__}", None, id="no attribute is read"),
        pytest.param("{0}", None, id="no position"),
        pytest.param("{{found}}", None, id="no doubled braces"),
        pytest.param("查看{found", None, id="half a brace"),
        pytest.param("{phone}", None, id="a fact there is not"),
    ],
)  # fmt: skip
def test_a_template_is_filled_in_or_refused(text: str, filled: str | None) -> None:
    if filled is None:
        with pytest.raises(TemplateInvalid):
            Template.of(text)
    else:
        assert Template.of(text).fill(KNOWN) == filled


_WORDS = st.text(st.sampled_from("水管好。！，：{}\n 0a"), max_size=12)


@given(
    pieces=st.lists(st.sampled_from([*(f"{{{name}}}" for name in NAMES), "。", "：", "查", "\n"])),
    values=st.dictionaries(st.sampled_from([*NAMES]), _WORDS),
)
def test_no_name_is_left_and_nothing_unknown_is_said(
    pieces: list[str], values: dict[str, str]
) -> None:
    marked = {name: f"<{number}>" for number, name in enumerate(NAMES) if values.get(name)}
    filled = Template.of("".join(pieces)).fill(marked)
    assert "{" not in filled
    assert "None" not in filled
    names_left = set(Template.of("".join(pieces)).names) - marked.keys()
    if not names_left:
        assert all(filled.count(marked[name]) <= pieces.count(f"{{{name}}}") for name in marked)
    Template.of("".join(pieces)).fill(values)  # whatever stands in a fact is words


def test_every_kind_is_shipped_for_every_platform() -> None:
    shipped = shipped_templates()
    platforms = {platform for platform, _ in shipped}
    assert "any" in platforms
    assert shipped.keys() == {(each, kind) for each in platforms for kind in Answering}


def test_an_unknown_fact_in_the_file_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "templates.yaml"
    entry = "".join(f"    {kind.value}: '{{nobody}}'\n" for kind in Answering)
    path.write_text(f"templates:\n  - platforms: [any]\n{entry}", encoding="utf-8")
    with pytest.raises(FileInvalid, match=r"line 3.*there is no fact called \{nobody\}"):
        shipped_templates(path)
