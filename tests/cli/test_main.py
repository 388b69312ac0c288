"""The command line itself: exit codes, one line for a refusal, and an answer to --help at once."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import run

FIELDOPS = Path(sys.executable).with_name("fieldops")


def fieldops(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return run(*words, folder=folder)


@pytest.mark.parametrize("words", [("nothing",), ("plan", "--nothing"), ("plan", "--seed", "many"), ("import",)])
def test_wrong_usage_is_told_and_exits_2(words: tuple[str, ...], tmp_path: Path) -> None:
    answer = fieldops(*words, folder=tmp_path)
    assert answer.returncode == 2
    assert "Error:" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert not answer.stdout


def test_a_refusal_is_one_line_with_the_cure_and_exits_1(tmp_path: Path) -> None:
    answer = fieldops("plan", "--json", folder=tmp_path)
    assert answer.returncode == 1
    assert answer.stderr.startswith("error: no region file 'region.gpkg'")
    assert answer.stderr.count("\n") == 1
    assert not answer.stdout


def test_help_loads_nothing_that_takes_long(tmp_path: Path) -> None:
    program = (
        "import sys, runpy\n"
        "sys.argv = ['fieldops', '--help']\n"
        "from fieldops.cli.main import main\n"
        "try:\n"
        "    main()\n"
        "except SystemExit as leaving:\n"
        "    assert not leaving.code\n"
        "print('loaded:', *sorted({name.split('.')[0] for name in sys.modules}), file=sys.stderr)\n"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    loaded = set(answer.stderr.split("loaded: ")[1].split())
    heavy = {"flask", "geopandas", "numpy", "openpyxl", "ortools", "osmium", "pandas", "pymetis", "pyogrio", "pyproj",
             "pyvrp", "scipy", "shapely", "sqlite_utils", "waitress", "web"}  # fmt: skip
    assert not loaded & heavy
    assert "plan" in answer.stdout


@pytest.mark.parametrize(
    "words", [("--json", "plan", "--db", "x.gpkg"), ("--db", "x.gpkg", "--json", "plan"), ("--db=x.gpkg", "plan")]
)
def test_the_file_and_json_may_be_named_before_the_command(words: tuple[str, ...], tmp_path: Path) -> None:
    answer = fieldops(*words, folder=tmp_path)
    assert answer.returncode == 1
    assert answer.stderr.startswith("error: no region file 'x.gpkg'")


@pytest.mark.parametrize(
    "words",
    [
        (b"claims", b"grant", b"--crew", b"\xff", b"--street", b"S0"), (b"claims", b"state", "解放路".encode("gb18030")),
        (b"import", b"\xb5\xd8.osm", b"--city", b"x"), (b"\xff",), (b"next", b"--crew=\xc3\x28"), (b"--db", b"\xff", b"plan"),
    ],
)  # fmt: skip
def test_bytes_that_are_no_utf_8_are_refused_in_one_line(words: tuple[bytes, ...], tmp_path: Path) -> None:
    answer = subprocess.run([bytes(FIELDOPS), *words], capture_output=True, check=False, timeout=60, cwd=tmp_path)
    assert answer.returncode == 1
    assert answer.stderr.startswith(b"error: '")
    assert answer.stderr.count(b"\n") == 1
    assert "is no UTF-8; write it in UTF-8" in answer.stderr.decode()
    assert not answer.stdout
