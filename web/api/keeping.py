"""What programs may ask of what is kept and what goes out: backups, examined and put in place as jobs, and webhooks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from fieldops.actions import backups, jobs, notices
from fieldops.errors import BadInput
from web.api.registry import Field, Operation
from web.regions import act_moment, region_path, the_region
from web.session import current_actor

Values = Mapping[str, Any]
LANGUAGES = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Ordered:
    """A job that was ordered; how it goes on stands at /jobs/{job}."""

    job: str
    kind: str
    state: str


@dataclass(frozen=True, slots=True)
class WebhookShown:
    """A webhook without what is secret of it: where its messages go, in which form and language."""

    name: str
    form: str
    host: str
    language: str


@dataclass(frozen=True, slots=True)
class WebhookNamed:
    """The webhook that was set or switched off."""

    name: str


def _order(kind: str, **parameters: str) -> Ordered:
    job = jobs.order_job(region_path(), current_actor(), kind, parameters)
    return Ordered(job.id, job.kind, job.state)


def _restore(v: Values) -> Ordered:
    if not v["sure"]:
        raise BadInput("not confirmed", field="sure", cure="say true once you know what is taken out of the record")
    moment = act_moment()
    more = {"now": moment.isoformat()} if moment else {}
    return _order("restore", backup=v["backup"], digest=v["digest"], **more)


def _webhooks(_v: Values) -> list[WebhookShown]:
    found = notices.list_channels(the_region(), current_actor())
    return [WebhookShown(one.name, one.form, urlsplit(one.url).hostname or "", one.language) for one in found]


def _set(v: Values) -> WebhookNamed:
    channel = notices.make_channel(v["name"].strip(), v["form"], v["url"], v.get("secret", ""), v.get("language", "zh"))
    notices.set_channel(the_region(), current_actor(), channel, now=act_moment())
    return WebhookNamed(channel.name)


def _remove(v: Values) -> WebhookNamed:
    notices.remove_channel(the_region(), current_actor(), v["name"], now=act_moment())
    return WebhookNamed(v["name"])


OPERATIONS = [
    Operation("backups", "GET", "/backups", ("record.keep",), "Backups beside the region, newest first.", list[Any],
              lambda _v: backups.list_backups(the_region(), current_actor())),
    Operation("backup", "POST", "/backups", ("record.keep",), "Take a backup as a job; it is examined before it counts.", Ordered,
              lambda _v: _order("backup"), status=202),
    Operation("backup_examine", "POST", "/backups/{backup}/examine", ("record.keep",),
              "Look as a job whether a backup is sound, and what a restore would take away; its digest stands in the result.",
              Ordered, lambda v: _order("examine", backup=v["backup"]), status=202),
    Operation("backup_restore", "POST", "/backups/{backup}/restore", ("record.restore",),
              "Put an examined backup in place as a job; the present is put aside, never deleted.", Ordered, _restore, status=202,
              body={"digest": Field(needed=True, about="of the file, from its examination"),
                    "sure": Field("flag", needed=True, about="true: you know what is taken out of the record")}),
    Operation("webhooks", "GET", "/webhooks", ("notice.deliver",), "Webhooks, without their secrets.", list[WebhookShown], _webhooks),
    Operation("webhook_set", "POST", "/webhooks", ("notice.deliver",), "Set a webhook, or replace the one of that name.", WebhookNamed,
              _set, status=201,
              body={"name": Field(needed=True), "form": Field(needed=True, choices=tuple(map(str, notices.FORMS))),
                    "url": Field(needed=True, about="https://..."), "secret": Field(), "language": Field(choices=LANGUAGES)}),
    Operation("webhook_remove", "POST", "/webhooks/{name}/remove", ("notice.deliver",), "Switch a webhook off and forget it.",
              WebhookNamed, _remove),
]  # fmt: skip
