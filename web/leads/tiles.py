"""The map's tiles: one file beside the region, read by byte ranges; its name changes with its content."""

from flask import Blueprint, Response, abort, send_file

from fieldops.actions.tiles import find_tiles
from web.answers import FOR_THIS_BROWSER
from web.regions import region_path
from web.session import needs

pages = Blueprint("tiles", __name__)


@pages.get("/tiles/<name>")
@needs("region.read")
def read(name: str) -> Response:
    """Return the tiles, or the part of them that is asked for."""
    tiles = find_tiles(region_path())
    if tiles is None or tiles.name != name:
        abort(404)
    response = send_file(tiles, mimetype="application/vnd.pmtiles", conditional=True)
    response.headers["Cache-Control"] = FOR_THIS_BROWSER
    return response
