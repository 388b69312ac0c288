"""What programs may ask of recruiting: sign people up, list candidates without whole numbers, the funnel, what brings them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fieldops.actions import recruiting, recruiting_brings, recruiting_lists
from fieldops.actions.recruiting_brings import SORTS, Brings
from fieldops.actions.recruiting_lists import Filters, FunnelReport, Group, Source, SourceKind, Stage
from fieldops.ids import CrewId, PosterCode, StreetId, VenueId
from web.api.registry import Field, Operation
from web.regions import act_moment, the_region
from web.session import current_actor

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SignedUpShown:
    """Whom a sign-up made: again where the person was a candidate before, known where this very sign-up had come before."""

    candidate: str
    again: bool
    known: bool


@dataclass(frozen=True, slots=True)
class CandidateShown:
    """A candidate with a masked number; the name is empty for those who may not see names."""

    candidate: str
    name: str
    phone: str
    stage: str
    group: str | None
    source: str
    street: str | None
    rep: str | None
    made_at: datetime
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class ConsentShown:
    """The text to which people agree, and the version that a sign-up names."""

    version: str
    chinese: str
    english: str


def _sign_up(v: Values) -> SignedUpShown:
    named = [(SourceKind.VENUE, v.get("venue")), (SourceKind.STREET, v.get("street")), (SourceKind.CREW, v.get("crew"))]
    kind = next((one for one, value in named if value), SourceKind.CHANNEL)
    source = Source(
        kind, StreetId(v["street"]) if v.get("street") else None, VenueId(v["venue"]) if v.get("venue") else None,
        CrewId(v["crew"]) if v.get("crew") else None, (v.get("channel") or "api") if kind == SourceKind.CHANNEL else None,
    )  # fmt: skip
    done = recruiting.sign_up(
        the_region(), current_actor(), id=v["id"], name=v["name"], phone=v["phone"], source=source, consent=v["consent"],
        group=Group(v["group"]) if v.get("group") else None, made_at=v.get("made_at"), wanted_low=v.get("wanted_low"),
        wanted_high=v.get("wanted_high"), now=act_moment(),
    )  # fmt: skip
    return SignedUpShown(done.candidate, done.again, done.known)


def _candidates(v: Values) -> list[CandidateShown]:
    filters = Filters(
        stage=Stage(v["stage"]) if v.get("stage") else None, group=Group(v["group"]) if v.get("group") else None,
        kind=SourceKind(v["source"]) if v.get("source") else None,
    )  # fmt: skip
    found = recruiting_lists.list_candidates(
        the_region(), current_actor(), filters, page=v.get("page", 1), now=act_moment()
    )
    return [
        CandidateShown(
            card.candidate.id, card.name, card.phone, card.candidate.stage, card.candidate.group, card.candidate.source.kind,
            card.candidate.source.street, card.candidate.rep, card.candidate.made_at, card.candidate.due_at,
        )
        for card in found.cards
    ]  # fmt: skip


def _funnel(v: Values) -> FunnelReport:
    asked = recruiting_lists.Filters(
        kind=SourceKind(v["source"]) if v.get("source") else None, group=Group(v["group"]) if v.get("group") else None,
        street=StreetId(v["street"]) if v.get("street") else None, venue=VenueId(v["venue"]) if v.get("venue") else None,
        crew=CrewId(v["crew"]) if v.get("crew") else None, poster=PosterCode(v["poster"]) if v.get("poster") else None,
        base=v.get("base") or None,
    )  # fmt: skip
    return recruiting_lists.read_funnel(the_region(), current_actor(), asked, now=act_moment())


def _brings(v: Values) -> list[Any]:
    found: Brings = recruiting_brings.read_brings(
        the_region(), current_actor(), v.get("by") or SORTS[0], now=act_moment()
    )
    return list(found.yields)


def _consent(_v: Values) -> ConsentShown:
    text = recruiting.read_consent(the_region())
    return ConsentShown(text.version, text.chinese, text.english)


_GROUP = Field(choices=tuple(Group), about="1 sells hundreds a day, 2 a little, 3 is new, 4 part-time")
_SOURCE = Field(choices=tuple(SourceKind))
_MONEY = Field("whole", least=0, most=1_000_000, about="yuan a month")
OPERATIONS = [
    Operation("consent", "GET", "/consent", ("region.read",), "The text to which people agree, with its version.", ConsentShown, _consent),
    Operation("candidates", "GET", "/candidates", ("candidate.read",), "Candidates, groups 1 and 4 first; numbers are masked.",
              list[CandidateShown], _candidates,
              {"stage": Field(choices=tuple(Stage)), "group": _GROUP, "source": _SOURCE, "page": Field("whole", least=1, most=4000)}),
    Operation("candidate_add", "POST", "/candidates", ("candidate.add",), "Sign somebody up; the same id is taken once.",
              SignedUpShown, _sign_up,
              body={"id": Field(needed=True, about="made where it was written, never again used"), "name": Field(needed=True),
                    "phone": Field(needed=True), "consent": Field(needed=True, about="version of the text that was agreed to"),
                    "street": Field(), "venue": Field(), "crew": Field(), "channel": Field(), "group": _GROUP,
                    "made_at": Field("moment"), "wanted_low": _MONEY, "wanted_high": _MONEY}, crew="crew", status=201),
    Operation("funnel", "GET", "/funnel", ("candidate.read",), "The funnel with its intervals.", FunnelReport, _funnel,
              {"source": _SOURCE, "group": _GROUP, "street": Field(), "venue": Field(), "crew": Field(), "poster": Field(), "base": Field()}),
    Operation("brings", "GET", "/brings", ("candidate.read",), "What everything of a sort brought, what it cost, and whom to call today.", list[Any], _brings,
              {"by": Field(choices=SORTS)}),
]  # fmt: skip
