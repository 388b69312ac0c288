"""The region of this process, opened for one request at a time: connections are never shared between threads."""

from pathlib import Path

from flask import Flask, current_app, g

from fieldops.actions.regions import Region, open_region
from fieldops.ids import ActorId
from fieldops.people import Actor, Role

# Until people sign in, everybody who reaches the address may look and nobody may change anything.
VISITOR = Actor(ActorId("web"), Role.AUDITOR)


def install(app: Flask, path: Path) -> None:
    """Remember which region file to open, and close it after each request."""
    app.extensions["fieldops.region"] = path

    @app.teardown_appcontext
    def close(_error: BaseException | None) -> None:
        region: Region | None = g.pop("region", None)
        if region is not None:
            region.close()


def region_path() -> Path:
    """Return the path of the region file."""
    path: Path = current_app.extensions["fieldops.region"]
    return path


def the_region() -> Region:
    """Return the region, opened for this request."""
    if "region" not in g:
        g.region = open_region(region_path())
    region: Region = g.region
    return region
