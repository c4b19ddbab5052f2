"""The folders keep to themselves: nothing reads from tests/, and test modules from no other."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
PACKAGES = ("services", "shared", "waterdesk")
TEST_MODULES = sorted((ROOT / "tests").rglob("test_*.py"))


def test_nothing_outside_tests_reads_a_file_of_the_tests() -> None:
    for path in [path for package in PACKAGES for path in (ROOT / package).rglob("*")]:
        if path.suffix in (".py", ".toml", ".yaml"):
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"""/ ?["']tests["'/]|["']tests/""", text), path


@pytest.mark.parametrize("module", TEST_MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_test_module_imports_another(module: Path) -> None:
    assert not re.search(
        r"^\s*from \S*\btest_\w+ import|^\s*import \S*\btest_\w+",
        module.read_text(encoding="utf-8"),
        re.MULTILINE,
    )


def test_the_wheel_and_the_image_have_all_three_packages() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert tuple(sorted(packages)) == PACKAGES
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert all(f"COPY {package} {package}\n" in dockerfile for package in packages)


def test_the_public_workflow_runs_what_ci_runs() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    (job,) = workflow["jobs"].values()
    assert any(step.get("run", "").endswith(".ci/run") for step in job["steps"])
