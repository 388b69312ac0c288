"""The desk of a lead: the map with the plan's figures, the crews' turfs, the streets and their reasons."""

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as AnyResponse

from fieldops.actions import comparison, desk, dispatch, frame, street_list, triangles
from fieldops.actions.exports import export
from fieldops.actions.jobs import order_job
from fieldops.actions.story import read_story
from fieldops.actions.tiles import find_tiles
from fieldops.clock import parse_moment
from fieldops.errors import BadInput
from fieldops.ids import CityId, CrewId, PlanId, StreetId
from fieldops.said import Said
from web.asked import crew_asked, field, flag, one_of
from web.navigation import Entry
from web.paging import Turn, turn_read
from web.quarantined import is_counting
from web.regions import act_moment, region_path, the_region
from web.session import current_actor, needs

FACTS = "leads/facts.html"
EDITS = ("rename", "close", "open", "permit", "hours", "prioritise")  # what may be done twice without harm
SUGGESTIONS = 12
LAYERS = ("streets", "triangles", "zones", "venues", "plan", "claims")
LAYER_FORMS = {"geojson": "application/geo+json", "gpkg": "application/geopackage+sqlite3"}
STATES = ("free", "claimed", "saturated", "closed", "paused", "no_permission")

pages = Blueprint("desk", __name__)
MENU = [
    Entry("desk.overview", lazy_gettext("Map"), 20),
    Entry("desk.streets", lazy_gettext("Streets"), 30, "planning"),
]


def asked_city() -> CityId | None:
    """Return the city that the address names, None for the first."""
    name = request.args.get("city", "")
    return CityId(name) if name else None


@pages.get("/map")
@needs("desk.read")
def overview() -> str:
    """Return the first page: map, figures, legend, and the table of crews, which says the same without a map."""
    seen = desk.read_overview(the_region(), current_actor(), city=asked_city())
    tiles = find_tiles(region_path())
    compared = _compared() if request.args.get("plan") else None
    wish, listing = _listing(seen.city.id)
    return render_template(
        "leads/overview.html", seen=seen, view=_map_view(seen, tiles.name if tiles else None), layers=LAYERS,
        wish=wish, listing=listing, spans=frame.read_spans(the_region(), current_actor()), today=seen.present,
        changes=comparison.compare_plans(the_region(), current_actor(), *compared) if compared else None,
    )  # fmt: skip


def _map_view(seen: desk.Overview, tiles: str | None) -> dict[str, object]:
    """Return what the map's script needs to know, its words in the visitor's language included."""
    named = [{"name": crew.name, "lon": crew.lon, "lat": crew.lat} for crew in seen.crews if crew.lon is not None]
    return {
        "tiles": url_for("tiles.read", name=tiles) if tiles else None,
        "colours": url_for("desk.colours", city=seen.city.id),
        "streets": url_for("desk.suggestions", city=seen.city.id),
        "changes": _changes_address(),
        "list": url_for("desk.listed", city=seen.city.id),
        "triangles": url_for("desk.triangle", key=0, quarantined=None).removesuffix("0"),
        "present": seen.present.isoformat(),
        "zone": seen.city.time_zone,
        "facts": url_for("desk.street_at", key=0, quarantined=None).removesuffix("0"),
        "more": "&quarantined=1" if is_counting() else "",
        "bounds": seen.city.bounds,
        "attribution": seen.city.attribution,
        "crews": named,
        "words": {
            "map": gettext("Map of the streets"),
            "zoomIn": gettext("Zoom in"),
            "zoomOut": gettext("Zoom out"),
            "none": gettext("No street has that name."),
            "noMap": gettext("This browser cannot draw the map. The tables below say the same."),
            "now": gettext("now"),
            "failed": gettext("That could not be read. Try again."),
        },
    }


def _changes_address() -> str | None:
    given = request.args
    return url_for("desk.changes", plan=given["plan"], against=given.get("against")) if given.get("plan") else None


@pages.get("/colours.bin")
@needs("desk.read")
def colours() -> AnyResponse:
    """Return what colours the map at a moment, the present by default; unchanged colours are not sent again."""
    at = parse_moment(request.args["at"]) if request.args.get("at") else None
    body = frame.read_frame(the_region(), current_actor(), city=asked_city(), at=at)
    response = make_response(body)
    response.mimetype = "application/octet-stream"
    response.add_etag()
    return response.make_conditional(request)


@pages.get("/changes.bin")
@needs("desk.read")
def changes() -> AnyResponse:
    """Return what a plan changes against another one, or against the claims in force: a byte for each street."""
    response = make_response(comparison.paint_changes(the_region(), current_actor(), *_compared()))
    response.mimetype = "application/octet-stream"
    return response


def _compared() -> tuple[PlanId, str]:
    return PlanId(request.args.get("plan", "")), request.args.get("against") or comparison.IN_FORCE


@pages.get("/map/streets")
@needs("desk.read")
def listed() -> str:
    """Return the table beside the map alone, for the map's script."""
    seen = desk.read_overview(the_region(), current_actor(), city=asked_city())
    wish, listing = _listing(seen.city.id)
    return render_template("leads/street_list.html", seen=seen, wish=wish, listing=listing)


def _listing(city: CityId) -> tuple[street_list.Wish, Turn[street_list.ListedStreet]]:
    """Return what the address asks of the table, and that page of it."""
    wish = street_list.Wish(
        words=field("q")[:100], state=one_of("state", STATES),
        measured={"yes": True, "no": False, None: None}[one_of("measured", ("yes", "no"))], crew=crew_asked(),
        sort=one_of("sort", street_list.SORTS), down=flag("down"),
    )  # fmt: skip
    count = street_list.count_streets(the_region(), current_actor(), wish, city=city)
    return wish, turn_read(
        count,
        lambda most, after: street_list.list_streets(
            the_region(), current_actor(), wish, city=city, most=most, after=after
        ),
    )


@pages.get("/triangles/at/<int:key>")
@needs("desk.read")
def triangle(key: int) -> str:
    """Return the facts of a triangle and its connection point: alone for the map's script, else as a page."""
    facts = triangles.read_triangle(the_region(), current_actor(), key)
    alone = request.args.get("part") == "facts"
    return render_template(
        "leads/triangle_facts.html" if alone else "leads/triangle.html",
        seen=desk.read_overview(the_region(), current_actor(), city=asked_city()), facts=facts, alone=alone,
    )  # fmt: skip


@pages.get("/map/export/<layer>.<form>")
@needs("table.export", "desk.read")
def give_layer(layer: str, form: str) -> AnyResponse:
    """Give a layer of the map out as GeoJSON or GeoPackage, as it stands now."""
    if layer not in LAYERS:
        raise BadInput(Said("no such layer"), field="layer", cure=Said("choose one of the list"))
    if form not in LAYER_FORMS:
        raise BadInput(Said("no such form"), field="form", cure=Said("choose one of the list"))
    content, _ = export(the_region(), current_actor(), layer, form)
    response = make_response(content)
    response.mimetype = LAYER_FORMS[form]
    response.headers["Content-Disposition"] = f'attachment; filename="{layer}.{form}"'
    response.headers["Cache-Control"] = "no-store"
    return response


@pages.get("/streets")
@needs("desk.read")
def streets() -> str:
    """Return the list of streets, or those whose name holds the words asked for."""
    words, state = field("q")[:100], one_of("state", STATES)
    seen = desk.read_overview(the_region(), current_actor(), city=asked_city())
    wish = street_list.Wish(words=words, state=state)
    count = street_list.count_streets(the_region(), current_actor(), wish, city=seen.city.id)
    rows = turn_read(
        count,
        lambda most, after: desk.find_streets(
            the_region(), current_actor(), words, city=seen.city.id, state=state, most=most, after=after
        ),
    )
    return render_template("leads/streets.html", seen=seen, words_asked=words, state=state, states=STATES, rows=rows)


@pages.get("/streets.json")
@needs("desk.read")
def suggestions() -> Response:
    """Return the first streets whose name holds the words, for the search field of the map."""
    found = desk.find_streets(
        the_region(), current_actor(), request.args.get("q", "")[:100], city=asked_city(), most=SUGGESTIONS
    )
    return jsonify([{"key": row.fid, "label": row.label, "lon": row.lon, "lat": row.lat} for row in found])


@pages.get("/streets/at/<int:key>")
@needs("desk.read")
def street_at(key: int) -> AnyResponse | str:
    """Return the facts of the street with that key on the map: alone for the map's script, else its page."""
    street = desk.street_by_key(the_region(), current_actor(), key)
    if request.args.get("part") != "facts":
        return redirect(url_for("desk.street", street=street))
    return _street(street, FACTS)


@pages.get("/streets/<street>")
@needs("desk.read")
def street(street: str) -> str:
    """Return the page of one street."""
    return _street(StreetId(street), "leads/street.html")


def _street(street: StreetId, template: str) -> str:
    facts = desk.read_street(the_region(), current_actor(), street)
    back = url_for("desk.overview", city=facts.city, street=facts.row.fid) if template == FACTS else None
    return render_template(
        template, seen=desk.read_overview(the_region(), current_actor(), city=facts.city), facts=facts, back_to=back,
        story=read_story(the_region(), current_actor(), street),
    )  # fmt: skip


@pages.post("/streets/<street>/edit")
@needs("street.edit")
def edit(street: str) -> AnyResponse:
    """Change a street by hand, as a job: it is checked against the claims, and the map's tiles are made anew."""
    desk.read_street(the_region(), current_actor(), StreetId(street))
    kind = request.form.get("kind", "")
    if kind not in EDITS:
        raise BadInput(
            Said("'%(kind)s' is no change of a street", kind=kind[:20]),
            field="kind",
            cure=Said("choose one of %(choices)s", choices=", ".join(EDITS)),
        )
    parameters = {"kind": kind, "street": street, "value": request.form.get("value", "")[:100]}
    moment = act_moment()
    if moment is not None:
        parameters["now"] = moment.isoformat()
    job = order_job(region_path(), current_actor(), "edit", parameters)
    return redirect(url_for("plans.job", job=job.id), 303)


@pages.get("/crews/<crew>")
@needs("desk.read")
def turf(crew: str) -> str:
    """Return the page of one crew: what it could claim next, and its streets in the newest plan, with reasons."""
    seen = desk.read_overview(the_region(), current_actor(), city=asked_city())
    region, actor = the_region(), current_actor()
    turf = desk.read_turf(region, actor, CrewId(crew))
    near = dispatch.near_streets(region, actor, CrewId(crew), most=3, now=seen.present)
    nothing = "" if near else dispatch.next_street(region, actor, CrewId(crew), now=seen.present).reason
    return render_template("leads/turf.html", seen=seen, turf=turf, near=near, nothing=nothing)
