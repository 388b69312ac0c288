"""How answers travel: compressed where that pays, kept by the browser where the name says what is inside."""

import gzip
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from flask import Flask, Response, g, request, url_for

COMPRESSED = frozenset({
    "text/html", "text/css", "text/javascript", "application/javascript", "application/json", "application/octet-stream",
})  # fmt: skip
LEAST = 1_000  # bytes; below, the headers outweigh the gain
FOR_EVER = "public, max-age=31536000, immutable"
FOR_THIS_BROWSER = "private, max-age=31536000, immutable"


def install(app: Flask) -> None:
    """Compress answers, and give files of ours an address that changes with their content."""
    static = Path(app.static_folder or "")

    @app.template_global()
    def static_url(name: str) -> str:
        path = static / name
        return url_for("static", filename=name, v=_version(path, path.stat().st_mtime_ns))

    app.after_request(say_how_long)
    app.after_request(compress)


def say_how_long(response: Response) -> Response:
    """Let addresses with a version be kept for ever; everything else is asked for again, cheaply where unchanged."""
    if request.endpoint == "static" and "v" in request.args and response.status_code == 200:
        response.headers["Cache-Control"] = FOR_EVER
    elif "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "private, no-cache" if g.get("actor") else "no-cache"
    return response


def compress(response: Response) -> Response:
    """Send texts and colours in gzip where the browser takes it; tiles are compressed inside, and read by ranges."""
    response.vary.add("Accept-Encoding")
    if (
        response.status_code != 200
        or request.method == "HEAD"
        or response.mimetype not in COMPRESSED
        or request.accept_encodings["gzip"] <= 0
    ):
        return response
    response.direct_passthrough = False
    body = response.get_data()
    if len(body) < LEAST:
        return response
    response.set_data(_packed(body))
    response.headers["Content-Encoding"] = "gzip"
    response.headers.pop("Accept-Ranges", None)
    return response


@lru_cache(maxsize=64)
def _packed(body: bytes) -> bytes:
    return gzip.compress(body, compresslevel=6, mtime=0)


@lru_cache(maxsize=256)
def _version(path: Path, _changed_at: int) -> str:
    return sha256(path.read_bytes()).hexdigest()[:12]
