"""What was done, said once on the next page: in a signed cookie that holds the words and nothing else."""

from flask import Flask, request
from flask.sessions import SecureCookieSessionInterface


class Messages(SecureCookieSessionInterface):
    """Flask's signed cookie under a name of its own; who is signed in stands in the private file, not here."""

    def get_cookie_name(self, app: Flask) -> str:  # noqa: ARG002  # the base class passes it
        """Return the name, which binds the cookie to this host where the connection is encrypted."""
        return "__Host-said" if request.is_secure else "said"

    def get_cookie_secure(self, app: Flask) -> bool:  # noqa: ARG002  # the base class passes it
        """Return whether the browser may send it over encrypted connections only."""
        return request.is_secure

    def get_cookie_samesite(self, app: Flask) -> str:  # noqa: ARG002  # the base class passes it
        """Return that other sites' forms never send it."""
        return "Lax"
