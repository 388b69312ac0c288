"""What the code does not do: found by reading all of it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = [
    path
    for top in ("fieldops", "web")
    for path in sorted((ROOT / top).rglob("*.py"))
    if "node_modules" not in path.parts
]
SCRIPTS = [path for path in sorted((ROOT / "web" / "static").rglob("*.js")) if "vendor" not in path.parts]


def calls() -> Iterator[tuple[Path, ast.Call, str]]:
    for path in CODE:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                yield path, node, ast.unparse(node.func)


def test_no_program_is_started_through_a_shell() -> None:
    for path, node, name in calls():
        assert name not in {"os.system", "os.popen", "subprocess.getoutput"}, f"{path}:{node.lineno}"
        shell = next((word.value for word in node.keywords if word.arg == "shell"), None)
        assert shell is None or ast.unparse(shell) == "False", f"{path}:{node.lineno}"


def test_nothing_is_evaluated_or_unpickled() -> None:
    for path, node, name in calls():
        assert name not in {"eval", "exec", "pickle.loads", "pickle.load", "marshal.loads", "yaml.load"}, (
            f"{path}:{node.lineno}"
        )


def test_templates_come_from_files_alone() -> None:
    for path, node, name in calls():
        assert not name.endswith(("render_template_string", "from_string")), f"{path}:{node.lineno}"
    for template in (ROOT / "web" / "templates").rglob("*.html"):
        text = template.read_text("utf-8").replace("{{ code | safe }}", "")  # a QR code, which segno made
        assert not re.search(r"\|\s*safe\b|autoescape false", text), template.name


def test_only_known_libraries_do_cryptography() -> None:
    weak = re.compile(r"\b(md5|sha1|DES|ARC4|ECB|PKCS1v15|random\.random|random\.choice|Crypto\.)\b")
    for path in CODE:
        if "city" in path.parts:
            continue  # names of places from what they are made of: no secret, nobody to hide from
        text = path.read_text("utf-8")
        if "cryptography" in text or "secrets" in text or "hashlib" in text:
            found = weak.search(text)
            assert found is None, f"{path}: {found and found[0]}"


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_write_only_markup_of_our_own_templates(script: Path) -> None:
    text = script.read_text("utf-8")
    assert not re.search(
        r"\beval\(|new Function|document\.write|insertAdjacentHTML|outerHTML\s*=|addEventListener\(.message", text
    )
    for line in text.splitlines():
        if "innerHTML" in line:  # what our own server's template made and escaped
            assert re.search(r"innerHTML = (await \w+\.text\(\)|\"\"|'')", line), line
