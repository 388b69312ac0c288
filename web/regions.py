"""The region of this process, opened for one request at a time: connections are never shared between threads."""

from datetime import datetime
from pathlib import Path

from flask import Flask, current_app, g

from fieldops.actions.regions import Region, open_region, standing_moment


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


def act_moment() -> datetime | None:
    """Return what pages hand to acts as `now`: None, so that the clock decides; in a sandbox the moment that its pages show."""
    return standing_moment(the_region())
