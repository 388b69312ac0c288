"""The phone of a crew: one page for the whole day, the door for what it recorded, and its worker for days without network."""

import json
from datetime import datetime, time, timedelta
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import segno
from flask import (
    Blueprint,
    Response,
    current_app,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    send_from_directory,
    url_for,
)
from flask_babel import lazy_gettext
from rjsmin import jsmin
from werkzeug.wrappers import Response as AnyResponse

from fieldops.actions import dispatch
from fieldops.actions import phone as acts
from fieldops.actions.pushing import read_pushing
from fieldops.actions.regions import standing_moment
from fieldops.actions.roster import LESSONS, read_own_work
from fieldops.actions.sessions import count_try
from fieldops.actions.standby import choose_board
from fieldops.actions.sync import sync_records
from fieldops.clock import format_moment, local_day
from fieldops.errors import BadInput, NotFound
from fieldops.ids import CrewId, DeviceId, PromoterId
from web.answers import FOR_EVER
from web.crew.sketch import draw
from web.crew.words import phone_words
from web.language import CHINESE, chosen_language
from web.navigation import Entry
from web.regions import the_region
from web.session import current_actor, current_session, needs, public

FIRST = ("app.js", "outbox.js", "start.js", "views.js")  # what the first view of the day needs
# What its first tap needs: fetched at once, evaluated when it is asked for.
NEXT = ("taps.js", "doors.js", "ask.js", "card.js")
LATER = (
    "forms.js", "moving.js", "me.js", "seal.js", "list.js", "near.js", "maps.js", "learn.js", "told.js", "leave.js", "account.js",
)  # fmt: skip
SHELL = ("crew.css", *FIRST, *NEXT, *LATER)
DAYS_BEFORE = 8  # for which a phone keeps what it sent, and may lie there before it opens its page again
MOST_DRAWN = 8  # streets of the sketch: those of the coming hours; more would lie on top of each other
LARGEST_BATCH = 400_000  # bytes: fifty records, sign-ups among them
# Of one session: 30,000 records at once, 60 batches a minute for long.
MOST_SYNCS, SYNC_WINDOW = 600, timedelta(minutes=10)

pages = Blueprint("phone", __name__, url_prefix="/crew")
MENU = [Entry("phone.today", lazy_gettext("Today"), 10, "crew", home=True)]


def own_promoter() -> PromoterId:
    """Return the promoter who uses this phone."""
    session = current_session()
    if session is None:
        raise NotFound("phone", "key", cure="sign in on the phone itself")
    return acts.own_promoter(the_region(), current_actor(), session.account.id)


@pages.get("/")
@needs("phone.use")
def today() -> AnyResponse:
    """Return the page of the day: rendered here, worked on by its script, kept by the worker for times without network."""
    day = acts.read_day(the_region(), current_actor(), own_promoter())
    near = day.held[:MOST_DRAWN]
    beside = {one.place.triangle for one in near}
    spots = [(one.place.lon, one.place.lat) for one in near]
    spots += [(one.lon, one.lat) for one in day.points if one.triangle in beside]
    response = make_response(
        render_template(
            "crew/today.html", day=day, sketch=draw([one.place.lines for one in near], spots), drawn=len(near), data=_data(day),
            scripts=FIRST + NEXT, wechat="MicroMessenger" in request.user_agent.string, text=day.consent.read_out(chinese=chosen_language() == CHINESE),
            points=_point_labels(day),
        )
    )  # fmt: skip
    return _kept(response)


@pages.get("/me")
@needs("phone.use")
def me() -> AnyResponse:
    """Return the promoter's own page: the week, what it came to, appeals, the crew's standing."""
    seen = acts.read_own_page(the_region(), current_actor(), own_promoter())
    frame = _frame() | {"data": _frame()["data"] | {"promoter": seen.promoter, "zone": seen.zone.key}}
    return _kept(make_response(render_template("crew/me.html", seen=seen, lessons=LESSONS, **frame)))


@pages.get("/learn")
@needs("phone.use")
def learn() -> AnyResponse:
    """Return the training cards, and which of them this promoter has worked through."""
    mine = own_promoter()
    work, _, _ = read_own_work(the_region(), current_actor(), mine)
    frame = _frame()
    frame["data"] |= {"promoter": mine}
    return _kept(make_response(render_template("crew/learn.html", learned=work.learned, lessons=LESSONS, **frame)))


@pages.post("/board")
@needs("phone.use")
def board() -> AnyResponse:
    """Show one's name on the board of verified work, or not."""
    choose_board(
        the_region(), current_actor(), own_promoter(), shown=request.form.get("shown") == "yes",
        now=standing_moment(the_region()),
    )  # fmt: skip
    return redirect(url_for("phone.me"), 303)


@pages.get("/hand-over")
@needs("phone.use")
def hand_over() -> AnyResponse:
    """Return the code that a team-mate scans to take this phone's list over: their own session must be of the crew."""
    day = acts.read_day(the_region(), current_actor(), own_promoter())
    link = url_for("phone.today", _external=True) + "#take=" + ",".join(one.place.street for one in day.held)
    code = segno.make(link, error="l").svg_inline(scale=4, border=2, dark="#000", light="#fff", omitsize=True)
    return _kept(make_response(render_template("crew/hand_over.html", day=day, code=code, **_frame())))


@pages.get("/push")
@needs("phone.use")
def push() -> AnyResponse:
    """Return how long the crew pushes each of its streets, and where it asks: reckoned anew at every look."""
    day = read_pushing(the_region(), current_actor(), own_promoter(), now=standing_moment(the_region()))
    return _kept(make_response(render_template("crew/push.html", day=day, **_frame())))


@pages.post("/sync.json")
@needs("record.sync")
def sync() -> AnyResponse:
    """Take in a batch of records and answer for each; an empty batch asks what time it is, and keeps streets for the day."""
    session, actor, region = current_session(), current_actor(), the_region()
    if session is not None:  # counted before anything is read; the phone keeps all and tries when it is told to
        count_try(region, f"sync {session.session.id}", most=MOST_SYNCS, length=SYNC_WINDOW)
    if (request.content_length or 0) > LARGEST_BATCH:
        raise BadInput("the batch is too large", cure="send fewer records at once")
    told = _told(request.get_data())
    records, sent_at = (told.get("records"), told.get("sent_at")) if isinstance(told, dict) else (None, None)
    if not isinstance(records, list) or not isinstance(sent_at, str) or not all(isinstance(r, dict) for r in records):
        raise BadInput("is no batch of records", cure='send {"sent_at": TIME, "records": [...]}')
    device = DeviceId(session.session.id) if session else None
    done = sync_records(region, actor, records, sent_at=sent_at, device=device, now=standing_moment(region))
    if actor.crew is not None:
        acts.keep_day(region, actor, CrewId(actor.crew))
    return _uncached(jsonify(done.to_json()))


@pages.get("/near.json")
@needs("phone.use")
def near() -> AnyResponse:
    """Return free streets near the crew, the best first: whoever has network may claim one of them."""
    crew = current_actor().crew
    if crew is None:
        raise NotFound("crew", "of this account")
    region = the_region()
    found = dispatch.near_streets(region, current_actor(), CrewId(crew), now=standing_moment(region))
    return _uncached(
        jsonify([{"street": one.street, "label": one.label, "metres": round(one.metres)} for one in found])
    )


def _told(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


@pages.get("/worker.js")
@public
def worker() -> AnyResponse:
    """Return the service worker; its text names the version of every file, so that a new version is a new worker."""
    files = [shell_url(name) for name in SHELL]
    body = render_template("crew/worker.js", version=version(), files=files, pages=_pages())
    response = make_response(body)
    response.mimetype = "text/javascript"
    return _uncached(response)


@pages.get("/manifest.webmanifest")
@public
def manifest() -> AnyResponse:
    """Return what a phone needs to put the page on its home screen."""
    response = jsonify(
        name="fieldops", short_name="fieldops", start_url=url_for("phone.today"), scope=url_for("phone.today"),
        display="standalone", background_color="#ffffff", theme_color="#0b3d2e",
        icons=[{"src": url_for("static", filename="icon.svg"), "sizes": "any", "type": "image/svg+xml"}],
    )  # fmt: skip
    response.mimetype = "application/manifest+json"
    return response


@pages.get("/shell/<release>/<name>")
@public
def shell(release: str, name: str) -> AnyResponse:
    """Return a file of the shell under its version's address, so that files of two versions are never mixed."""
    if name not in SHELL:
        raise NotFound("file", name)
    folder = Path(current_app.static_folder or "") / "crew"
    response = _script(folder / name) if name.endswith(".js") else send_from_directory(folder, name, conditional=True)
    response.headers["Cache-Control"] = FOR_EVER if release == version() else "no-store"
    return response


def _script(path: Path) -> Response:
    return Response(_without_comments(path, path.stat().st_mtime_ns), mimetype="text/javascript")


@lru_cache(maxsize=64)
def _without_comments(path: Path, _changed_at: int) -> str:
    return str(jsmin(path.read_text("utf-8")))


@pages.app_template_global("shell_url")
def shell_url(name: str) -> str:
    """Return the address of a file of the shell, which changes with the version."""
    return url_for("phone.shell", release=version(), name=name)


def version() -> str:
    """Return the version of the shell: it changes with its files and its templates."""
    folder, root = Path(current_app.static_folder or "") / "crew", Path(current_app.root_path)
    files = [*(folder / name for name in SHELL), *sorted((root / "templates" / "crew").iterdir())]
    return _digest(tuple((path, path.stat().st_mtime_ns) for path in files))


@lru_cache(maxsize=8)
def _digest(files: tuple[tuple[Path, int], ...]) -> str:
    digest = sha256()
    for path, _ in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _pages() -> list[str]:
    return [url_for(f"phone.{name}") for name in ("today", "me", "learn", "hand_over", "push")]


def _kept(response: Response) -> Response:
    """Mark a page as ours, so that the worker keeps it and never a page that some network put in its place."""
    response.headers["X-Fieldops"] = version()
    response.headers["Cache-Control"] = "no-cache"
    return response


def _uncached(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


def _frame() -> dict[str, Any]:
    """Return what every page but that of the day needs: the script of the badge and its words."""
    return {"scripts": FIRST[:2], "data": {"words": phone_words()}}


def _point_labels(day: acts.Day) -> dict[str, str]:
    """Name a connection point by the first of the crew's streets in its triangle."""
    near = {one.place.triangle: one.place.label for one in reversed(day.held)}
    return {one.triangle: near.get(one.triangle, one.triangle) for one in day.points}


def _data(day: acts.Day) -> dict[str, Any]:
    """Return what the page's script works with: places, cards, sittings, words; times in milliseconds."""
    places = [one.place for one in day.held] + [place for _, place in day.kept]
    rows: list[Any] = [*places, *day.stops, *day.points]
    maps = {id(row): both for row, both in zip(rows, acts.shifted([(row.lon, row.lat) for row in rows]), strict=True)}
    labels = _point_labels(day)

    def spot(row: Any) -> dict[str, Any]:
        amap, baidu = maps[id(row)]
        return {"at": _degrees((row.lon, row.lat)), "gcj": _degrees(amap), "bd": _degrees(baidu)}

    held = {
        one.place.street: {
            "label": one.place.label, "kind": one.place.kind, "gen": one.claim.generation,
            "until": _ms(one.claim.held_until), "point": one.place.triangle, "people": round(one.place.people),
            "doors": one.doors, **spot(one.place),
        }
        for one in day.held
    }  # fmt: skip
    kept = {
        place.street: {"label": place.label, "kind": place.kind, "kept": _ms(one.ends_at), **spot(place)}
        for one, place in day.kept
    }
    rules = day.rules
    return {
        "now": _ms(day.now), "days": _days(day.now, day.zone), "promoter": day.promoter, "crew": day.crew.id, "mayClaim": day.may_claim,
        "key": day.key, "publicKey": day.public_key,
        "held": held, "kept": kept,
        "stops": {
            one.venue: {"label": one.name, "kind": one.kind, "street": one.street, **spot(one)} for one in day.stops
        },
        "homes": day.homes,
        "points": {one.triangle: {"label": labels[one.triangle], "ours": one.ours, **spot(one)} for one in day.points},
        "sittings": [
            {
                "place": one.sitting.place, "rule": one.sitting.rule, "opened": _ms(one.sitting.opened_at),
                "asked": [
                    [asked.id, _ms(asked.asked_at), asked.promoter, asked.corner, int(asked.answer == "knows"), asked.phase]
                    for asked in one.counted
                ],
            }
            for one in day.sittings
        ],
        "cards": {card.name: {"looks": card.looks, "low": card.low, "high": card.high} for card in day.cards},
        "rules": {
            "rule": rules.move_on_rule, "promoters": rules.least_promoters, "corners": rules.least_clusters,
            "crowd": rules.surveys_per_cluster, "window": rules.cluster_window.total_seconds() * 1000,
            "sitting": rules.measurement_window.total_seconds() * 1000, "small": rules.small_street_people,
        },
        "zone": day.zone.key, "server": format_moment(day.now), "version": version(), "words": phone_words(),
    }  # fmt: skip


def _days(moment: datetime, zone: ZoneInfo) -> dict[str, object]:
    """Return the city's midnights around a moment, milliseconds, and the first day of which they are: what a phone keeps is not older."""
    first = local_day(moment, zone) - timedelta(days=DAYS_BEFORE)
    days = [first + timedelta(days=number) for number in range(2 * DAYS_BEFORE + 1)]
    return {"first": first.isoformat(), "midnights": [_ms(datetime.combine(one, time(), zone)) for one in days]}


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _degrees(position: tuple[float, float]) -> list[float]:
    return [round(position[0], 6), round(position[1], 6)]
