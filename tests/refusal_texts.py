"""
What refusals say, read from the code: every problem and cure that somebody on a web page can be told, as templates.

A text that a page shows must be a template: a constant, a `Said` with its facts, or a name for one of these. What is put
together from pieces cannot be said in another language.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import ROOT

KINDS = {"BadInput", "ClockRefused", "NotFound", "RecordDamaged", "RowsRefused", "StorageFailed", "Stopped"}
SAID = {"Said", "template"}
# Rooms whose refusals no page can show, and why.
ELSEWHERE = {
    "fieldops/cli": "the command line is English",
    "fieldops/simulate": "the test bench",
    "fieldops/city/synth": "makes up towns, by command",
    "fieldops/exchange/synthfiles.py": "files of made-up towns",
    "fieldops/city/model.py": "frames that our own code makes",
    "fieldops/city/graph.py": "graphs that our own code makes",
    "fieldops/awareness/bound.py": "arrays that our own code makes",
    "fieldops/awareness/dynamics.py": "arrays that our own code makes",
    "fieldops/awareness/estimate.py": "arrays that our own code makes",
    "fieldops/awareness/fit.py": "`fieldops fit`",
    "fieldops/awareness/forecast.py": "arrays that our own code makes",
    "fieldops/awareness/history.py": "arrays that our own code makes",
    "fieldops/awareness/robust.py": "arrays that our own code makes",
    "fieldops/awareness/sentinels.py": "arrays that our own code makes",
    "fieldops/backcheck.py": "counts that our own code makes",
    "fieldops/planning/assignment.py": "arrays that our own code makes",
    "fieldops/planning/routing.py": "limits that our own code sets",
    "fieldops/planning/walkproblem.py": "graphs that our own code makes",
    "fieldops/planning/zonewalks.py": "`fieldops walk --zone`",
    "fieldops/actions/zonewalks.py": "`fieldops walk --zone`",
    "web/api": "programs read English",
}
# What only hands on a text that was made, and is looked at, elsewhere.
HANDED_ON = {
    ("fieldops/actions/effort.py", "why(self._actor, 'effort.record', crew=crew.id)"),
    ("fieldops/actions/surveys.py", "why(self._actor, 'survey.record', crew=known.crew)"),
    ("fieldops/intake.py", "first['reason']"),
    ("fieldops/store/connect.py", "OLDER"),
    ("fieldops/intake.py", "row['']"), ("fieldops/intake.py", "wrong.problem"), ("fieldops/intake.py", "wrong.cure"),
    ("fieldops/maps/fetch.py", "refusal.cure"), ("fieldops/maps/fetch.py", "_why(name, code, limits)"), ("fieldops/exchange/printing.py", "cure"),
}  # fmt: skip


def rooms() -> Iterator[tuple[str, Path]]:
    """Yield every room whose refusals a page may show, by its path below the root."""
    for top in ("fieldops", "web"):
        for path in sorted((ROOT / top).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if "node_modules" not in name and not any(name == one or name.startswith(f"{one}/") for one in ELSEWHERE):
                yield name, path


def refusals(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Yield every refusal that a module makes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name in KINDS:
                yield name, node


def sentences(kind: str, call: ast.Call) -> Iterator[ast.expr]:
    """Yield what a refusal says: its problem, or what was kept, and its cure."""
    first = {"NotFound": 2}.get(kind, 0)  # noun and name come before the cure, and are no sentences
    yield from call.args[first : 3 if kind == "NotFound" else 2]
    yield from (word.value for word in call.keywords if word.arg in ("problem", "cure", "kept"))


def pieces(text: ast.expr, tree: ast.AST) -> Iterator[ast.expr]:
    """Yield what a text can be: both sides of a choice, and what a name stands for in its module."""
    if isinstance(text, ast.IfExp):
        yield from pieces(text.body, tree)
        yield from pieces(text.orelse, tree)
    elif isinstance(text, ast.Call) and isinstance(text.func, ast.Name) and text.func.id == "Reason":
        for one in text.args:
            for part in one.elts if isinstance(one, ast.List) else ():
                yield from pieces(part, tree)
    elif isinstance(text, ast.Name) and (meant := list(_meant(text.id, tree))):
        for one in meant:
            yield from pieces(one, tree)
    else:
        yield text


def _meant(name: str, tree: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and any(isinstance(one, ast.Name) and one.id == name for one in node.targets):
            yield node.value
        elif isinstance(node, ast.For) and isinstance(node.target, ast.Tuple):
            yield from _looped(name, node, tree)


def _looped(name: str, node: ast.For, tree: ast.AST) -> Iterator[ast.expr]:
    """Yield what a name of a loop stands for: a place in each of some tuples, or the values of a mapping."""
    assert isinstance(node.target, ast.Tuple)
    place = next((i for i, one in enumerate(node.target.elts) if isinstance(one, ast.Name) and one.id == name), None)
    if place is None:
        return
    if isinstance(node.iter, ast.Tuple):
        yield from (one.elts[place] for one in node.iter.elts if isinstance(one, ast.Tuple) and place < len(one.elts))
    elif (
        isinstance(node.iter, ast.Call) and isinstance(node.iter.func, ast.Attribute) and node.iter.func.attr == "items"
    ):
        for one in _meant(getattr(node.iter.func.value, "id", ""), tree):
            if isinstance(one, ast.Dict):
                yield from one.values


def texts() -> Iterator[tuple[str, int, ast.expr]]:
    """Yield room, line and piece of everything that refusals say on pages."""
    for name, path in rooms():
        tree = ast.parse(path.read_text("utf-8"))
        for kind, call in refusals(tree):
            for text in sentences(kind, call):
                for piece in pieces(text, tree):
                    yield name, piece.lineno, piece


def constants() -> set[str]:
    """Return the sentences without facts; those with facts are `Said`, which the extraction of messages knows."""
    found = (piece.value for _, _, piece in texts() if isinstance(piece, ast.Constant))
    return {text for text in found if isinstance(text, str) and text}


def templates() -> set[str]:
    """Return the templates of the sentences with facts, and of those that are marked."""
    calls = (piece for _, _, piece in texts() if isinstance(piece, ast.Call) and piece.args)
    return {call.args[0].value for call in calls if isinstance(call.args[0], ast.Constant)}


def in_pieces() -> list[str]:
    """Return what is said in a form that cannot be translated, by room and line."""
    wrong = []
    for name, line, piece in texts():
        if isinstance(piece, ast.Constant) or (
            isinstance(piece, ast.Call) and isinstance(piece.func, ast.Name) and piece.func.id in SAID
        ):
            continue
        if (name, ast.unparse(piece)) not in HANDED_ON:
            wrong.append(f"{name}:{line}: {ast.unparse(piece)[:100]}")
    return wrong
