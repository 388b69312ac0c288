"""The architecture, held by reading every import (lazy ones included) with `ast`. See CONTRIBUTING.md."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# Floors from the ground up; on a floor a room may import from those further left. Change the house here, say why in
# CONTRIBUTING.md.
FLOORS: list[list[str]] = [
    ["ids", "said", "errors", "clock", "progress", "events", "rules"],
    ["city", "people", "permissions", "accounts", "intake"],
    [
        "surveys",
        "contacts",
        "awareness",
        "evidence",
        "estimates",
        "forecasts",
        "decisions",
        "backcheck",
        "suspects",
        "recruiting",
    ],
    ["claims", "notices", "planning"],
    ["maps", "store", "exchange"],
    ["actions"],
    ["simulate", "worker", "cli"],
]
PURE = {room for floor in FLOORS[:4] for room in floor} - {"ids", "clock"}
IMPURE_MODULES = {
    "asyncio", "fcntl", "flask", "glob", "http", "io", "logging", "multiprocessing", "os", "pathlib", "pyogrio",
    "random", "requests", "secrets", "shutil", "signal", "socket", "sqlite3", "sqlite_utils", "subprocess", "sys",
    "tempfile", "threading", "time", "urllib", "uuid",
}  # fmt: skip
WEB_MAY_IMPORT = {"accounts", "actions", "people", "permissions", "errors", "ids", "clock", "rules", "progress", "said"}
HEAVY = {"geopandas", "ortools", "pandas", "osmium", "pymetis", "pyogrio", "pyvrp", "sqlite_utils", "matplotlib"}
MOST_LINES_OF_A_ROOM = 400
MOST_LINES_OF_A_FUNCTION = 60


def modules() -> dict[str, Path]:
    found: dict[str, Path] = {}
    for top in ("fieldops", "web"):
        for path in sorted((ROOT / top).rglob("*.py")):
            if "vendor" in path.parts or "node_modules" in path.parts:
                continue
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found[name.removesuffix(".__init__")] = path
    return found


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)


def imports(path: Path, *, lazy: bool, typing_only: bool = False) -> set[str]:
    """Names imported by a module, `from x import y` both as x and x.y; optionally also inside functions."""
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            if is_type_checking(child) and not typing_only:
                for other in child.orelse:  # type: ignore[attr-defined]
                    visit_one(other)
                continue
            visit_one(child)

    def visit_one(child: ast.AST) -> None:
        if isinstance(child, ast.Import):
            found.update(alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom) and child.module:
            assert child.level == 0, f"{path}: relative import"
            found.add(child.module)
            found.update(f"{child.module}.{alias.name}" for alias in child.names)
        elif not lazy and isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            return
        else:
            visit(child)

    visit(tree(path))
    return found


def room(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "fieldops" and len(parts) > 1 else None


def place(name: str) -> tuple[int, int]:
    for level, floor in enumerate(FLOORS):
        if name in floor:
            return level, floor.index(name)
    raise AssertionError(f"the room {name} stands on no floor: add it to FLOORS and say why in CONTRIBUTING.md")


MODULES = modules()
NAMES = sorted(MODULES)


@pytest.mark.parametrize("module", [name for name in NAMES if room(name)])
def test_imports_point_down_or_left(module: str) -> None:
    here = room(module)
    assert here is not None
    for name in imports(MODULES[module], lazy=True, typing_only=True):
        there = room(name)
        if name.split(".")[0] == "web":
            raise AssertionError(f"{module} imports the roof: {name}")
        if there is None or there == here:
            continue
        assert place(there) < place(here), (
            f"{module} ({here}) imports {name} ({there}), which lies above or to the right"
        )


def test_no_circle() -> None:
    graph = {
        name: {other for other in imports(path, lazy=True) if other in MODULES and other != name}
        for name, path in MODULES.items()
    }
    for name in graph:  # a package's __init__ hands out names of its rooms: that edge is not an import of the room
        graph[name] = {o for o in graph[name] if not (MODULES[o].name == "__init__.py" and name.startswith(o + "."))}
    seen: dict[str, int] = {}

    def walk(name: str, trail: list[str]) -> None:
        if seen.get(name) == 2:
            return
        assert seen.get(name) != 1, "circle: " + " -> ".join([*trail[trail.index(name) :], name])
        seen[name] = 1
        for other in sorted(graph[name]):
            walk(other, [*trail, name])
        seen[name] = 2

    for name in NAMES:
        walk(name, [])


@pytest.mark.parametrize("module", [name for name in NAMES if room(name) in PURE])
def test_floors_0_to_3_are_pure(module: str) -> None:
    for name in imports(MODULES[module], lazy=True):
        assert name.split(".")[0] not in IMPURE_MODULES, f"{module} imports {name}"
    for node in ast.walk(tree(MODULES[module])):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"open", "print", "input"}, f"{module}:{node.lineno} calls {node.func.id}"
        assert not isinstance(node, ast.Global), f"{module}:{node.lineno} has global state"
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute) and node.value.attr == "random":
            assert node.attr in {"Generator", "SeedSequence", "default_rng"}, (
                f"{module}:{node.lineno} global randomness"
            )


@pytest.mark.parametrize("module", [name for name in NAMES if name != "fieldops.clock"])
def test_the_clock_is_read_only_in_clock(module: str) -> None:
    readings = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("time", "time")}
    for node in ast.walk(tree(MODULES[module])):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert (node.value.id, node.attr) not in readings, f"{module}:{node.lineno} reads the clock"
    assert "time" not in {name.split(".")[0] for name in imports(MODULES[module], lazy=True)}, (
        f"{module}: clock.Stopwatch"
    )


SQL = re.compile(
    r"^\s*(SELECT\s.+\sFROM|INSERT\s+(OR\s+\w+\s+)?INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|CREATE\s+(TABLE|INDEX|TRIGGER|VIEW|TEMP)|"
    r"PRAGMA\s|WITH\s+\w+.*\sAS\s+\()",
    re.DOTALL,
)


@pytest.mark.parametrize("module", [name for name in NAMES if room(name) != "store"])
def test_sql_only_in_store(module: str) -> None:
    for node in ast.walk(tree(MODULES[module])):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            assert not SQL.match(node.value), f"{module}:{node.lineno} has SQL"


# what stands in `temp.` is forgotten with its connection
WRITES = re.compile(r"^\s*(INSERT\s+(OR\s+\w+\s+)?INTO\s+(?!temp\.)|UPDATE\s+\w+\s+SET|DELETE\s+FROM)", re.DOTALL)
# Rooms that are themselves the machinery of the record, or write files that hold no state of the region
# (the private file, the queue of work).
NO_EVENT_NEEDED = {
    "fieldops.store.accounts",
    "fieldops.store.attempts",
    "fieldops.store.factors",
    "fieldops.store.invitations",
    "fieldops.store.sessions",
    "fieldops.store.audit",
    "fieldops.store.connect",
    "fieldops.store.geopackage",
    "fieldops.store.held",
    "fieldops.store.incident_notes",
    "fieldops.store.persons",
    "fieldops.store.positions",
    "fieldops.store.private",
    "fieldops.store.jobs",
}


@pytest.mark.parametrize("module", [n for n in NAMES if room(n) == "store" and n not in NO_EVENT_NEEDED])
def test_every_store_function_that_changes_state_takes_its_event(module: str) -> None:
    public = [n for n in tree(MODULES[module]).body if isinstance(n, ast.FunctionDef) and not n.name.startswith("_")]
    for function in public:
        strings = [n.value for n in ast.walk(function) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
        if any(WRITES.match(text) for text in strings):
            names = {argument.arg for argument in [*function.args.args, *function.args.kwonlyargs]}
            assert names & {"event", "events"}, f"{module}.{function.name} changes state and takes no event"


def test_the_web_imports_only_what_it_may() -> None:
    for module in NAMES:
        if module.split(".")[0] != "web":
            continue
        for name in imports(MODULES[module], lazy=True, typing_only=True):
            there = room(name)
            assert there is None or there in WEB_MAY_IMPORT, f"{module} imports {name}"


def test_nothing_heavy_is_reachable_from_the_web() -> None:
    waiting = [name for name in NAMES if name.split(".")[0] == "web"]
    seen: set[str] = set()
    while waiting:
        module = waiting.pop()
        if module in seen:
            continue
        seen.add(module)
        for name in imports(MODULES[module], lazy=False):
            assert name.split(".")[0] not in HEAVY, f"{module} imports {name} and is reachable from the web"
            parts = name.split(".")
            waiting += [p for i in range(1, len(parts) + 1) if (p := ".".join(parts[:i])) in MODULES]


@pytest.mark.parametrize("module", [n for n, p in MODULES.items() if p.name == "__init__.py"])
def test_an_init_holds_only_public_names(module: str) -> None:
    for node in tree(MODULES[module]).body:
        lawful = isinstance(node, ast.Import | ast.ImportFrom | ast.Assign | ast.AnnAssign) or is_type_checking(node)
        lawful |= isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)  # the docstring
        lawful |= isinstance(node, ast.FunctionDef) and node.name == "__getattr__"  # PEP 562
        assert lawful, f"{module}:{node.lineno} holds more than names"


@pytest.mark.parametrize("module", NAMES)
def test_rooms_and_functions_stay_small(module: str) -> None:
    lines = len(MODULES[module].read_text("utf-8").splitlines())
    assert lines <= MOST_LINES_OF_A_ROOM, f"{module} has {lines} lines: redesign it"
    for node in ast.walk(tree(MODULES[module])):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            documented = ast.get_docstring(node, clean=False)
            length = node.end_lineno - node.lineno + 1 - (len(documented.splitlines()) if documented else 0)
            assert length <= MOST_LINES_OF_A_FUNCTION, f"{module}.{node.name} has {length} lines: redesign it"


def test_forbidden_names_of_rooms() -> None:
    for module in NAMES:
        assert module.split(".")[-1] not in {
            "utils",
            "helpers",
            "manager",
            "service",
            "data",
            "info",
            "handler",
            "base",
            "common",
            "misc",
        }
