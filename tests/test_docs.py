"""The documents are true: every command is told, every option explains itself, nothing is told that is not there."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from fieldops.cli import commands

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def tree() -> dict[tuple[str, ...], Any]:
    """Every command of the application by its words."""
    app = typer.Typer()
    commands.register(app)

    def walk(command: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
        yield words, command
        for name, child in getattr(command, "commands", {}).items():
            yield from walk(child, (*words, name))

    return dict(walk(typer.main.get_command(app), ()))


COMMANDS = tree()
LEAVES = [words for words in COMMANDS if words]


def test_the_readme_names_every_command_and_no_other() -> None:
    table = README.split("| command | does |")[1].split("\n\n")[0]
    told = {word for row in table.splitlines()[2:] for word in re.findall(r"`([a-z-]+)`", row.split("|")[1])}
    assert told == {words[0] for words in LEAVES}


def test_every_command_line_of_the_documents_is_a_command() -> None:
    documents = [README, (ROOT / "CONTRIBUTING.md").read_text("utf-8"), (ROOT / "CHANGELOG.md").read_text("utf-8")]
    documents += [path.read_text("utf-8") for path in sorted((ROOT / "maps").rglob("*.md"))]
    shown = re.compile(r"(?:\$|`|\n    )fieldops ([a-z][\w|-]*(?: [a-z][\w-]*)?)")
    told = [line for text in documents for line in shown.findall(text)]
    assert len(told) > 10
    for line in told:
        first, *rest = line.split()
        for name in first.split("|"):
            assert (name,) in COMMANDS, line
            if rest and getattr(COMMANDS[(name,)], "commands", None) and not COMMANDS[(name,)].invoke_without_command:
                assert (name, rest[0]) in COMMANDS, line


@pytest.mark.parametrize("words", LEAVES, ids=" ".join)
def test_every_command_says_what_it_does_and_explains_its_options(words: tuple[str, ...]) -> None:
    command = COMMANDS[words]
    assert len((command.help or "").strip()) > 15
    for parameter in command.params:
        if parameter.name != "help":
            assert (getattr(parameter, "help", None) or "").strip(), f"{' '.join(words)}: {parameter.name}"


def test_links_of_the_documents_lead_somewhere() -> None:
    for document in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"):
        for target in re.findall(r"\]\(([^)]+)\)", document.read_text("utf-8")):
            assert target.startswith("https://") or (ROOT / target).exists(), f"{document.name}: {target}"


def test_the_changelog_has_a_place_for_what_is_coming() -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert all(re.fullmatch(r"Unreleased|\[?\d+\.\d+\.\d+\]? - \d{4}-\d{2}-\d{2}", heading) for heading in headings)


def test_every_library_that_is_needed_is_argued_for() -> None:
    argued = (ROOT / "CONTRIBUTING.md").read_text("utf-8").split("## Dependencies")[1]
    for name in ("requirements.in", "requirements-setup.in", "requirements-node.in"):
        for library in re.findall(r"^([a-z][\w-]*)", (ROOT / name).read_text("utf-8"), re.MULTILINE):
            assert library in argued, library
