"""Keeping: backups taken and brought in, what a restore would take away, the restore itself, and how to serve over HTTPS."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from fieldops.actions import backups, jobs
from fieldops.actions.jobs import Job
from fieldops.clock import parse_moment
from fieldops.errors import BadInput, NotFound
from web.regions import act_moment, region_path, the_region
from web.session import current_actor, needs

pages = Blueprint("keeping", __name__)
LARGEST_BACKUP = 1_000_000_000  # bytes; larger ones by the command line


@pages.get("/keeping")
@needs("record.keep")
def page() -> str:
    """Return the backups, and the forms that take one, bring one in and look what one would bring back."""
    return render_template("leads/keeping.html", backups=backups.list_backups(the_region(), current_actor()))


@pages.post("/keeping/backup")
@needs("record.keep")
def backup() -> AnyResponse:
    """Take a backup as a job: a copy that is examined before it counts."""
    return _to(jobs.order_job(region_path(), current_actor(), "backup"))


@pages.post("/keeping/upload")
@needs("record.restore")
def upload() -> AnyResponse:
    """Bring a backup in from elsewhere, with its private file and anchor where they are at hand, and examine it."""
    request.max_content_length = LARGEST_BACKUP
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise BadInput("no file", field="file", cure="choose the .gpkg file of a backup")
    actor = current_actor()
    file = backups.new_place(the_region(), actor)  # never the name that was sent
    sent.save(file)
    for field, place in (
        ("private", file.with_suffix(".private.db")),
        ("anchor", file.with_name(file.name + ".anchor")),
    ):
        more = request.files.get(field)
        if more is not None and more.filename:
            more.save(place)
    return _to(jobs.order_job(region_path(), actor, "examine", {"backup": backups.bring_in(actor, file)}))


@pages.post("/keeping/examine")
@needs("record.keep")
def examine() -> AnyResponse:
    """Look as a job whether a backup is sound, and what a restore would take away."""
    return _to(jobs.order_job(region_path(), current_actor(), "examine", {"backup": request.form.get("backup", "")}))


@pages.get("/keeping/examined/<job>")
@needs("record.keep")
def examined(job: str) -> str:
    """Return what of the present a restore would take away, and the form that does it."""
    found = jobs.read_job(region_path(), current_actor(), job)
    if found.kind != "examine" or not found.result:
        raise NotFound("examined backup", job, cure="examine it first")
    told: dict[str, Any] = found.result
    moments = {name: parse_moment(told[name]) if told[name] else None for name in ("last", "lost_since")}
    return render_template("leads/examined.html", told=told, moments=moments, lost=sum(told["lost"].values()))


@pages.post("/keeping/restore")
@needs("record.restore")
def restore() -> AnyResponse:
    """Put the examined backup in place, as a job; the present is put aside, never deleted."""
    if request.form.get("sure") != "yes":
        raise BadInput("not confirmed", field="sure", cure="tick that you know what is taken out of the record")
    wanted = {"backup": request.form.get("backup", ""), "digest": request.form.get("digest", "")}
    moment = act_moment()
    if moment is not None:
        wanted["now"] = moment.isoformat()
    return _to(jobs.order_job(region_path(), current_actor(), "restore", wanted))


@pages.get("/keeping/https")
@needs("desk.read")
def https() -> str:
    """Return how to serve over HTTPS, which phones without network and sealed forms need."""
    name, _, port = request.host.partition(":")
    return render_template("leads/https.html", name=name, port=port or "8000", secure=request.is_secure)


def _to(job: Job) -> AnyResponse:
    return redirect(url_for("plans.job", job=job.id), 303)
