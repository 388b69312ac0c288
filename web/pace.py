"""How often one device may ask: counted in minutes, in the memory of this process, which serves its region alone."""

from datetime import timedelta
from threading import Lock

from flask import Flask, g, request

from fieldops.actions.rules import most_requests
from fieldops.clock import Stopwatch
from fieldops.errors import TooManyTries
from web.regions import the_region

MINUTE = 60.0
VISITORS = 10  # a whole office may stand behind one address


class Pace:
    """Counts of the present minute, by who asks; a new minute begins with nothing, so that memory does not grow."""

    def __init__(self) -> None:
        self._watch, self._lock = Stopwatch(), Lock()
        self._minute, self._counts = 0, dict[str, int]()

    def take(self, who: str, most: int) -> float | None:
        """Count one request; return the seconds to wait where there were more than `most` in this minute, else None."""
        passed = self._watch.seconds
        with self._lock:
            if passed // MINUTE != self._minute:
                self._minute, self._counts = int(passed // MINUTE), {}
            count = self._counts[who] = self._counts.get(who, 0) + 1
        return MINUTE - passed % MINUTE if count > most else None


def install(app: Flask) -> None:
    """Count every request but those for files of ours, once it is known who asks."""
    app.extensions["fieldops.pace"] = Pace()

    @app.before_request
    def keep_pace() -> None:
        if request.endpoint == "static":
            return
        session, actor = g.get("session"), g.get("actor")
        most = most_requests(the_region())
        who = (
            f"session {session.session.id}"
            if session
            else f"actor {actor.id}"
            if actor
            else f"address {request.remote_addr}"
        )
        wait = app.extensions["fieldops.pace"].take(who, most if actor else VISITORS * most)
        if wait is not None:
            raise TooManyTries(timedelta(seconds=wait))
