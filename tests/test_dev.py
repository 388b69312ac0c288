"""The door for people who work on fieldops: what it needs, what it says, and that the locks are whole."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LOCKS = sorted(ROOT.glob("requirements*.lock"))


def dev(*words: str, root: Path = ROOT, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, root / "dev.py", *words],
        capture_output=True, text=True, check=False, env={**os.environ, **settings},
    )  # fmt: skip


def pinned(lock: Path) -> dict[str, set[str]]:
    """The versions of each package; more than one where they depend on the Python or the machine."""
    versions: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^\s;]+)", lock.read_text("utf-8"), re.MULTILINE):
        versions.setdefault(name, set()).add(version)
    return versions


def test_dev_imports_the_standard_library_alone() -> None:
    for node in ast.walk(ast.parse((ROOT / "dev.py").read_text("utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names


def test_the_words_that_it_explains_are_the_tasks_that_it_has() -> None:
    explained = set(re.findall(r"python3 dev\.py (\w+)", dev("--help").stdout))
    for task in explained:
        assert re.search(rf"^def {task}\(", (ROOT / "dev.py").read_text("utf-8"), re.MULTILINE), task
    assert explained == {"setup", "demo", "test", "lint", "bench", "serve", "audit"}


@pytest.mark.parametrize("words", [(), ("tset",)])
def test_wrong_usage_explains_itself_and_exits_2(words: tuple[str, ...]) -> None:
    answer = dev(*words)
    assert answer.returncode == 2
    assert "python3 dev.py demo" in answer.stderr
    assert not answer.stdout


def test_a_missing_venv_module_is_told_with_its_remedy(tmp_path: Path) -> None:
    shutil.copy(ROOT / "dev.py", tmp_path)
    program = "import sys, runpy; sys.modules['ensurepip'] = None; sys.argv = ['dev.py', 'setup'];"
    program += f"runpy.run_path({str(tmp_path / 'dev.py')!r}, run_name='__main__')"
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, env={"PATH": str(tmp_path)}
    )
    assert answer.returncode == 1
    assert "apt-get install python3-venv" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_benchmark_that_does_not_exist_is_refused_with_the_names_that_do(tmp_path: Path) -> None:
    assert "bench_nothing" not in {path.stem for path in (ROOT / "tests" / "benchmarks").glob("*.py")}
    answer = dev("bench", "nothing")
    assert answer.returncode == 1
    assert "no benchmark is called nothing" in answer.stderr


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_pins_every_package_with_hashes_and_names_no_registry(lock: Path) -> None:
    text = lock.read_text("utf-8")
    assert not re.findall(r"https?://|file:|index-url|find-links", text)
    entries = re.findall(r"^[A-Za-z0-9._-]+==.*(?:\n    .*)*", text, re.MULTILINE)
    assert len(entries) == sum(map(len, pinned(lock).values())) > 0
    assert [entry.split(" ")[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_every_requirement_is_in_its_lock() -> None:
    for lock in LOCKS:
        wanted = re.findall(r"^([A-Za-z0-9][A-Za-z0-9._-]*)", lock.with_suffix(".in").read_text("utf-8"), re.MULTILINE)
        missing = {name for name in wanted if name.lower() not in pinned(lock)}
        assert not missing, f"{lock.name} lacks {missing}: see CONTRIBUTING.md, 'Dependencies'"


def test_the_checks_run_on_the_very_versions_that_people_run() -> None:
    run, check = pinned(ROOT / "requirements.lock"), pinned(ROOT / "requirements-dev.lock")
    assert {name: check.get(name) for name in run} == run


def test_the_npm_lock_keeps_hashes_and_names_no_registry() -> None:
    lock = json.loads((ROOT / "web" / "package-lock.json").read_text("utf-8"))
    asked = json.loads((ROOT / "web" / "package.json").read_text("utf-8"))
    for group in ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies"):
        assert lock["packages"][""][group] == asked[group]
        assert all(version[0].isdigit() for version in asked[group].values())
    for name, package in lock["packages"].items():
        assert not name or package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package, name
        links = re.findall(r"https?://[^/\"]+", json.dumps({**package, "funding": None}))
        assert not links, name


def test_only_whitelisted_files_reach_the_browser_and_they_keep_the_budget() -> None:
    listed = set((ROOT / "web" / "web-files.txt").read_text("utf-8").split())
    vendor = ROOT / "web" / "static" / "vendor"
    assert {str(path.relative_to(vendor)) for path in vendor.rglob("*") if path.is_file()} == listed
    assert sum((vendor / name).stat().st_size for name in listed) < 2_000_000


def test_ci_goes_through_the_same_door() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "python3 dev.py test" in script.read_text("utf-8")
