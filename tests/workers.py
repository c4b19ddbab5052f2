"""Which tests run on one worker, where a run has several.

What is dear to start (a JVM, a browser, a county's year) is started once: all that need it go to
one worker, and they go first, because they take longest. Everything else goes file by file.
"""

from xdist.scheduler import LoadScopeScheduling

_DEAR = ("journey", "kafka", "browser")


def worker_group(test: str) -> str:
    """Tests of one group run one after the other on one worker. `test` is a node id."""
    path = test.partition("::")[0]
    if "kafka" in path or "apache_kafka" in test:
        return "kafka"
    return next((name for name in _DEAR if f"/{name}/" in path), path)


def dear_first(test: str) -> int:
    """A key to sort node ids by."""
    group = worker_group(test)
    return _DEAR.index(group) if group in _DEAR else len(_DEAR)


class OneWorkerAGroup(LoadScopeScheduling):  # type: ignore[misc]
    def _split_scope(self, nodeid: str) -> str:
        return worker_group(nodeid)
