"""The map by hand: streets split, joined, drawn and gated on it, and whole maps brought in, as jobs."""

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as AnyResponse

from fieldops.actions import desk, drawing, jobs
from fieldops.actions.tiles import find_tiles
from fieldops.errors import BadInput, NotFound
from fieldops.ids import StreetId
from fieldops.said import Said
from web.asked import one_of
from web.leads.desk import asked_city
from web.regions import act_moment, region_path, the_region
from web.session import current_actor, needs

pages = Blueprint("drawing", __name__)
LARGEST_MAP = 64_000_000  # bytes; larger ones by the command line
COORDINATES = ("wgs84", "gcj02", "bd09")


@pages.get("/map/edit")
@needs("desk.read", "street.edit")
def page() -> str:
    """Return the map to draw on; every point can be typed too."""
    region, actor = the_region(), current_actor()
    chosen = [desk.read_street(region, actor, StreetId(one)) for one in request.args.getlist("street")[:20]]
    seen = desk.read_overview(region, actor, city=chosen[0].city if chosen else asked_city())
    tiles = find_tiles(region_path())
    view = {
        "tiles": url_for("tiles.read", name=tiles.name) if tiles else None,
        "street": url_for("drawing.street_at"),
        "bounds": seen.city.bounds,
        "attribution": seen.city.attribution,
        "at": [chosen[0].row.lon, chosen[0].row.lat] if chosen else None,
        "words": {
            "map": gettext("Map of the streets"),
            "zoomIn": gettext("Zoom in"),
            "zoomOut": gettext("Zoom out"),
            "noMap": gettext("This browser cannot draw the map. Type ids and positions instead."),
            "take": gettext("Leave out"),
        },
    }
    asked = one_of("kind", drawing.KINDS) or drawing.KINDS[0]
    return render_template("leads/drawing.html", seen=seen, view=view, chosen=chosen, kinds=drawing.KINDS, kind=asked)


@pages.get("/map/edit/street.json")
@needs("desk.read", "street.edit")
def street_at() -> Response:
    """Return id, name and kind of the street with a key on the map."""
    key = request.args.get("key", 0, type=int)
    region, actor = the_region(), current_actor()
    row = desk.read_street(region, actor, desk.street_by_key(region, actor, key)).row
    return jsonify({"street": row.id, "label": row.label, "kind": row.kind})


@pages.post("/map/edit")
@needs("street.edit")
def draw() -> AnyResponse:
    """Carry a drawing out as a job: it is checked against the claims, and the map's tiles are made anew."""
    form = request.form
    parameters = drawing.plan_edit(
        the_region(), current_actor(), form.get("kind", ""), streets=[StreetId(one) for one in form.get("streets", "").split()],
        points=drawing.read_points(form.get("points", "")), name=form.get("name", ""), city=form.get("city", ""),
    )  # fmt: skip
    return _ordered("edit", parameters)


@pages.get("/map/import")
@needs("city.import")
def bring_page() -> str:
    """Return the form that brings a map in."""
    cities = desk.read_overview(the_region(), current_actor()).cities
    return render_template("leads/import_map.html", cities=cities, coordinates=COORDINATES)


@pages.post("/map/import")
@needs("city.import")
def bring() -> AnyResponse:
    """Read a map as a job: a new city, or a newer map of one that is there."""
    request.max_content_length = LARGEST_MAP
    form, sent = request.form, request.files.get("map")
    if sent is None or not sent.filename:
        raise BadInput("no file", field="map", cure="choose the map's file")
    if form.get("coordinates") not in COORDINATES:
        raise BadInput(
            "no such coordinates", field="coordinates", cure=Said("one of %(choices)s", choices=", ".join(COORDINATES))
        )
    people = form.get("residents", "").strip()
    if people and not (people.isascii() and people.isdigit() and 0 < int(people) < 100_000_000):
        raise BadInput(
            Said("'%(people)s' is no number of people", people=people[:20]),
            field="residents",
            cure="write it as 198398, or leave it",
        )
    if not form.get("city", "").strip():
        raise BadInput("the name of the city is empty", field="city", cure="give the name that people use")
    parameters: dict[str, object] = {
        "map_file": _kept(sent), "city": form["city"].strip()[:60], "coordinates": form["coordinates"],
        "time_zone": form.get("time_zone", "").strip(),
    }  # fmt: skip
    if people:
        parameters["residents"] = int(people)
    if form.get("replace"):
        parameters["replace"] = True
    edge = request.files.get("boundary")
    if edge is not None and edge.filename:
        parameters["boundary"] = _kept(edge)
    return _ordered("import", parameters)


@pages.get("/map/imported/<job>")
@needs("city.import")
def imported(job: str) -> str:
    """Return what came of a map: figures, what was left out and why, changes by hand that no longer apply."""
    found = jobs.read_job(region_path(), current_actor(), job)
    if found.kind != "import" or not found.result:
        raise NotFound("imported map", job, cure="bring it in first")
    return render_template("leads/imported.html", told=found.result)


def _kept(sent: FileStorage) -> str:
    """Write a file that was sent under a name of ours, and return that name."""
    place = drawing.new_map_place(the_region(), current_actor())
    sent.save(place)
    return place.name


def _ordered(kind: str, parameters: dict[str, object]) -> AnyResponse:
    moment = act_moment()
    if moment is not None:
        parameters["now"] = moment.isoformat()
    job = jobs.order_job(region_path(), current_actor(), kind, parameters)
    return redirect(url_for("plans.job", job=job.id), 303)
