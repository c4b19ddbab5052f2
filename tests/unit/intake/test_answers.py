"""Short answers to "is it solved?", and messages that only look like one."""

import pytest

from services.intake.rules.answers import read_answer


def words(text: str) -> list[str]:
    return text.split()


YES = words("""
1 １ ① 1。 回复1 选1 1已解决 1.已解决 是 是的 嗯嗯 解决了 已解决 已经解决了 问题已经解决了！
好了 好了，谢谢 水好了 有水了 来水了，谢谢师傅 修好了 正常了 恢复正常了 满意 非常满意 没问题了
没有问题 没有异味了 不漏了 水不黄了 1，谢谢你们 基本解决了 都修好了，辛苦了 还不错，解决了 OK
""")
NO = words("""
2 ２ ② 2未解决 回复2。 2、未解决 否 没 没有 没有。 还没 没水 没有水 没解决 未解决 没有解决
没修好 还没水 还是没水 还是没水，而且水是黄的 还没水，而且水是黄的 水还是很小 还是老样子
仍然没水 依然漏水 又停水了 又没水了 不满意 不太满意 没人来修 2，还是没水 1未解决 解决了一半
只解决了一部分 解决了但是水还是黄的 修是修了，可还没有完全解决 怎么还没水？ 已经三天了还没人来
有水了但是还有异味 还是不行 不行 还没来水
""")
NEITHER = words("""
谢谢 好的 收到 2号井坏了 1组停水 12 3 没有水表怎么办 解决了吗？ 好了吗 什么时候能好 什么时候来水
说好了今天来修的 请尽快解决 希望能解决 水费太高了 我家电表坏了 水管爆了，快来人 村里停水三天了
修了三次了 还是你们厉害 解决了，另外我们村东头的水管昨天晚上爆了 1号楼没水 你好
""")


@pytest.mark.parametrize("text", YES)
def test_it_is_solved(text: str) -> None:
    answer = read_answer(text)
    assert answer is not None
    assert answer.satisfied


@pytest.mark.parametrize("text", NO)
def test_it_is_not_solved(text: str) -> None:
    answer = read_answer(text)
    assert answer is not None
    assert not answer.satisfied


@pytest.mark.parametrize("text", NEITHER)
def test_it_is_no_answer(text: str) -> None:
    assert read_answer(text) is None


@pytest.mark.parametrize(
    ("text", "is_bare"),
    [("2", True), ("没有", True), ("没水", True), ("还没水，而且水是黄的", False)],
)
def test_what_is_said_besides_is_noticed(text: str, is_bare: bool) -> None:
    answer = read_answer(text)
    assert answer is not None
    assert answer.is_bare is is_bare
