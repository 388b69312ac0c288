"""PDF and PNG by the machine's own Chromium: what is printed is the page that is seen."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from fieldops.errors import BadInput
from fieldops.said import Said

NAMES = (
    "chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome",
    "msedge", "microsoft-edge",
)  # fmt: skip
MOST_SECONDS = 90
HTML_INSTEAD = "write the page with --format html and print it from any browser"
PAGE_INSTEAD = "write the page as .html and open it in any browser"
PICTURE = (1600, 1200)  # pixels


def find_chromium() -> str | None:
    """Return the browser that prints: `$FIELDOPS_CHROMIUM`, else a Chromium on the path; None where there is none."""
    given = os.environ.get("FIELDOPS_CHROMIUM")
    if given is not None:
        return given if Path(given).is_file() else None
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def pdf_bytes(page: str) -> bytes:
    """
    Return an HTML page as PDF.

    Raises
    ------
    BadInput
        If there is no Chromium, or it fails; the message names the page itself as the other way.
    """
    return _printed(page, "PDF", ("--no-pdf-header-footer", "--print-to-pdf={out}"), "--format", HTML_INSTEAD)


def png_bytes(page: str) -> bytes:
    """
    Return the first sight of an HTML page as a PNG of `PICTURE` pixels.

    Raises
    ------
    BadInput
        If there is no Chromium, or it fails; the message names the page itself as the other way.
    """
    width, height = PICTURE
    words = (
        "--hide-scrollbars",
        f"--window-size={width},{height}",
        "--virtual-time-budget=10000",
        "--screenshot={out}",
    )
    return _printed(page, "PNG", words, "--out", PAGE_INSTEAD)


def _printed(page: str, kind: str, words: tuple[str, ...], option: str, cure: str) -> bytes:
    browser = find_chromium()
    if browser is None:
        raise BadInput(
            Said("there is no Chromium on this machine to print a %(kind)s", kind=kind), field=option, cure=cure
        )
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder) / "page.html", Path(folder) / f"page.{kind.lower()}"
        source.write_text(page, "utf-8")
        command = [
            browser, "--headless", "--disable-gpu", "--no-first-run", f"--user-data-dir={folder}/profile",
            *(word.format(out=out) for word in words), source.as_uri(),
        ]  # fmt: skip
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.insert(1, "--no-sandbox")  # Chromium refuses to run as root with it; the page is our own
        try:
            done = subprocess.run(command, capture_output=True, timeout=MOST_SECONDS, check=False)  # no shell
        except (OSError, subprocess.TimeoutExpired) as error:
            raise BadInput(Said("Chromium could not print (%(name)s)", name=type(error).__name__), cure=cure) from None
        if not out.exists():
            last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
            raise BadInput(Said("Chromium could not print (%(choices)s)", choices=" ".join(last)[:200]), cure=cure)
        return out.read_bytes()
