"""A hundred leads and a thousand crews polling the production server, beside a bare Flask "hello" under the same load."""

import asyncio
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

from fieldops.actions.sessions import open_session
from fieldops.clock import Stopwatch
from fieldops.ids import CrewId
from fieldops.people import Role
from fieldops.store.accounts import get_account, private_reader
from fieldops.store.connect import open_region
from tests.accounts import session_of
from tests.desk_town import make_desk_town

ROOT = Path(__file__).parents[2]
LEADS, CREWS = 100, 1_000
EVERY_LEAD, EVERY_CREW = 15.0, 30.0  # seconds between two questions of one person
HELLO = """
import sys
from flask import Flask
from waitress import serve
app = Flask("hello")
app.add_url_rule("/<path:_>", "hello", lambda _: "hello")
serve(app, host="127.0.0.1", port=int(sys.argv[1]), threads=8, connection_limit=4000, asyncore_use_poll=True)
"""


def main(full: bool = False) -> None:
    """Print requests, errors, percentiles and memory of both; five minutes with `full`, else one."""
    seconds = 300.0 if full else 60.0
    with TemporaryDirectory() as folder:
        region = Path(folder) / "region.gpkg"
        make_desk_town(region).close()
        people = [*sessions(region, Role.LEAD, None, LEADS), *sessions(region, Role.CREW, "C1", CREWS)]
        print(
            f"{'':10}{'requests':>9}{'errors':>8}{'p50 ms':>8}{'p99 ms':>8}{'worst':>8}{'MB first':>10}{'MB half':>9}{'MB last':>9}"
        )
        ours = measure("fieldops", serving(region), people, seconds)
        plain = measure("hello", [sys.executable, "-c", HELLO], people, min(seconds, 60.0))
        print(f"p50 {ours[0] / plain[0]:.1f} x, p99 {ours[1] / plain[1]:.1f} x that of hello")


def sessions(region: Path, role: Role, crew: str | None, count: int) -> Iterator[tuple[str, str]]:
    """Yield the role and the secret of so many sessions of one account."""
    session_of(region, role, crew)
    opened = open_region(region)
    with private_reader(opened) as private:
        account = get_account(private, f"{role}-{CrewId(crew)}".lower() if crew else str(role))
    for _ in range(count):
        yield role, open_session(opened, account, browser="bench").secret
    opened.close()


def serving(region: Path) -> list[str]:
    """Return the command that serves a region; `served` gives it a port."""
    return [sys.executable, "-m", "web", str(region), "--port"]


@contextmanager
def served(words: list[str]) -> Iterator[tuple[int, int]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen([*words, str(port)], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield port, server.pid
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)


def wait_for(port: int) -> None:
    """Wait until somebody listens."""
    watch = Stopwatch()
    while watch.seconds < 30:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            Event().wait(0.1)
        else:
            return
    raise TimeoutError("nobody listens")


def memory_mb(pid: int) -> float:
    """Return the resident memory of a process; 0 where the machine does not tell."""
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), 0.0)


def measure(name: str, words: list[str], people: list[tuple[str, str]], seconds: float) -> tuple[float, float]:
    """Print one row and return the median and the 99th percentile in milliseconds."""
    with served(words) as (port, pid):
        times: list[float] = []
        errors: list[str] = []
        asyncio.run(crowd(port, people, min(seconds, 30.0), [], errors))  # everybody arrives and asks once or twice
        first = memory_mb(pid)
        errors.clear()
        asyncio.run(crowd(port, people, seconds / 2, times, errors))
        half = memory_mb(pid)  # by then every thread has answered everything: what grows from here on is a leak
        asyncio.run(crowd(port, people, seconds / 2, times, errors))
        last = memory_mb(pid)
    times.sort()
    p50, p99 = (1000 * times[int(len(times) * share)] for share in (0.5, 0.99))
    print(
        f"{name:10}{len(times):9}{len(errors):8}{p50:8.1f}{p99:8.1f}{1000 * times[-1]:8.0f}{first:10.1f}{half:9.1f}{last:9.1f}",
        *errors[:3],
    )
    return p50, p99


async def crowd(
    port: int, people: list[tuple[str, str]], seconds: float, times: list[float], errors: list[str]
) -> None:
    watch = Stopwatch()
    await asyncio.gather(*(one_person(port, role, secret, watch, seconds, times, errors) for role, secret in people))


async def one_person(
    port: int, role: str, secret: str, watch: Stopwatch, seconds: float, times: list[float], errors: list[str]
) -> None:
    """Ask at random moments over one connection that stays open, until the time is over."""
    every = EVERY_LEAD if role == Role.LEAD else EVERY_CREW
    paths = ["/today", "/colours.bin"] if role == Role.LEAD else ["/crew/"]
    await asyncio.sleep(random.random() * min(every, seconds))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    number = 0
    while watch.seconds < seconds:
        ask = f"GET {paths[number % len(paths)]} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: session={secret}\r\n\r\n"
        number += 1
        began = watch.seconds
        writer.write(ask.encode())
        try:
            status = await answer(reader)
        except (OSError, asyncio.IncompleteReadError) as error:
            errors.append(type(error).__name__)
            break
        times.append(watch.seconds - began)
        if status != 200:
            errors.append(str(status))
        await asyncio.sleep(min(every * (0.5 + random.random()), max(0.0, seconds - watch.seconds)))
    writer.close()


async def answer(reader: asyncio.StreamReader) -> int:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = int(head.split("content-length:")[1].split("\r\n")[0])
    await reader.readexactly(length)
    return int(head.split(" ")[1])


if __name__ == "__main__":
    main(full=True)
