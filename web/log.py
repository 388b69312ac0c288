"""What the server says of security: who came in, who was refused, by address and account id; never a login, name or secret."""

import logging

from flask import g, request

LOG = logging.getLogger("fieldops.web")


def note(what: str, **facts: object) -> None:
    """Write one line: what happened, from which address, by whom (an id), on which route; values are quoted whole."""
    actor = getattr(g.get("actor"), "id", None)
    told = {
        "address": request.remote_addr,
        "actor": actor,
        "route": request.endpoint,
        "method": request.method,
        **facts,
    }
    LOG.warning("%s %s", what, " ".join(f"{name}={value!r}" for name, value in told.items() if value is not None))
