"""The production server: `python -m web REGION`; people start it by `fieldops serve`."""

import argparse
import logging
import signal
import socket
import sys
from pathlib import Path
from types import FrameType

from waitress import create_server

from web.app import create_app
from web.settings import LOOPBACK, Settings

# A thousand phones keep their connection open; waitress by itself admits a hundred, and select() no more than 1,024 in all.
MOST_CONNECTIONS = 4_000
EVERY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104  compared with, not listened on


def main() -> int:
    """Serve until Ctrl-C or SIGTERM; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m web", description="Serve the pages of a region.")
    parser.add_argument("region", type=Path)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--name", action="append", default=[])
    parser.add_argument("--behind-proxy", metavar="ADDRESS")
    given = parser.parse_args()
    logging.basicConfig(
        stream=sys.stderr,
        format="%(asctime)s %(name)s %(message)s",
        datefmt="%Y-%m-%dT%H:%M:%S%z",
        level=logging.WARNING,
    )
    app = create_app(Settings(given.region, hosts=host_names(given.host, given.name)))
    try:
        server = create_server(
            app,
            host=given.host,
            port=given.port,
            threads=given.threads,
            ident=None,
            connection_limit=MOST_CONNECTIONS,
            asyncore_use_poll=True,
            backlog=1024,
            **proxy(given.behind_proxy),
        )
    except OSError as error:
        sys.stderr.write(
            f"error: cannot listen on {given.host}:{given.port} ({error.strerror}); choose another --port\n"
        )
        return 1
    shown = "127.0.0.1" if given.host in EVERY_ADDRESS else given.host
    try:
        signal.signal(signal.SIGTERM, _stop)  # before anybody is told that the server is there
        sys.stderr.write(f"fieldops is on http://{shown}:{given.port}  (Ctrl-C stops it)\n")
        server.run()
    except KeyboardInterrupt:
        pass
    finally:
        server.close()
    return 0


def host_names(host: str, given: list[str]) -> tuple[str, ...]:
    """Return the names by which this server may be asked for: its own, those given, and loopback."""
    own: list[str] = [host]
    if host in EVERY_ADDRESS:
        machine = socket.gethostname()
        try:
            name, aliases, addresses = socket.gethostbyname_ex(machine)
        except OSError:
            name, aliases, addresses = machine, [], []
        own = [machine, name, *aliases, *addresses]
    return tuple(dict.fromkeys([*LOOPBACK, *own, *given]))


def proxy(address: str | None) -> dict[str, object]:
    """Return what waitress is told of the proxy before it; from nobody else does it believe where a request comes from."""
    if address is None:
        return {}
    return {
        "trusted_proxy": address,
        "trusted_proxy_count": 1,
        "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto"},
        "clear_untrusted_proxy_headers": True,
    }


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
