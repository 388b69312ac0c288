"""
QR posters and the page behind them: who scans one signs up without an account; floods are held back, people are not.

Behind one address of a mobile network there may be thousands of people. So an address is never shut out: beyond a number of
sign-ups in ten minutes what comes from it waits, sealed, until a lead lets it in or drops it in one act. Nobody is told.
"""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from ipaddress import ip_address

from fieldops import clock
from fieldops.actions.recruiting import SignUpForm, check_open, check_source, read_consent, sign_up_in_turn
from fieldops.errors import BadInput, ConsentMissing, NotFound, RegionWindingDown
from fieldops.events import PosterClosed, PosterMade, TextsChanged
from fieldops.exchange.posters import draw_code
from fieldops.ids import ActorId, CrewId, PosterCode, StreetId, VenueId
from fieldops.people import Actor, Role
from fieldops.permissions import require
from fieldops.recruiting.consent import ConsentText
from fieldops.recruiting.names import read_person_name
from fieldops.recruiting.phones import read_mobile
from fieldops.recruiting.sources import CODE_LENGTH, CODE_SIGNS, Group, Poster, Source, SourceKind, read_code
from fieldops.said import Said
from fieldops.store import held, persons
from fieldops.store import recruiting as candidates
from fieldops.store import recruiting_duties as store
from fieldops.store import recruiting_settings as settings
from fieldops.store.connect import Region
from fieldops.store.held import Flood

WINDOW = timedelta(minutes=10)
FREE_OF_NETWORK, FREE_OF_POSTER = 30, 200  # sign-ups in a window that nothing holds back
MOST_HELD, MOST_HELD_OF_NETWORK = 5_000, 500
LEAST_SECONDS = 2.0  # nobody writes a name and a number faster
FORM_LASTS = timedelta(hours=12)
SAME_AGAIN = timedelta(hours=24)
WORDS = ("headline", "text")  # what a region may word itself, in Chinese and English
LONGEST_WORDS = 300


class Received(StrEnum):
    """What became of a form; the visitor sees the same thanks for the first three."""

    TAKEN = "taken"
    HELD = "held"
    DROPPED = "dropped"  # a trap was filled in: no person did that
    TOO_MANY = "too_many"


@dataclass(frozen=True, slots=True)
class JoinPage:
    """What the page behind a poster shows; `form` is to be sent back with it."""

    code: PosterCode
    consent: ConsentText
    words: Mapping[str, str]
    form: str


def make_poster(
    region: Region, actor: Actor, *, street: StreetId | None = None, venue: VenueId | None = None,
    crew: CrewId | None = None, now: datetime | None = None,
) -> Poster:  # fmt: skip
    """
    Make a poster for a street, a venue or a crew (or several of them: a crew's poster at a venue).

    Permission: poster.make. Event: PosterMade.

    Raises
    ------
    Forbidden, NotFound
        If the actor may not, or the place is not there.
    BadInput
        If no place is named.
    RegionWindingDown
        If the region takes nobody any more.
    """
    require(actor, "poster.make")
    named = [(SourceKind.VENUE, venue), (SourceKind.STREET, street), (SourceKind.CREW, crew)]
    kind = next((one for one, value in named if value), None)
    if kind is None:
        raise BadInput("no place is named", field="street", cure="name a street, a venue or a crew")
    with region.turn(actor, now=now) as turn:
        check_open(turn)
        check_source(turn, Source(kind, street, venue, crew))
        code = PosterCode("".join(secrets.choice(CODE_SIGNS) for _ in range(CODE_LENGTH)))
        store.write_poster(turn, event=PosterMade(at=turn.now, poster=code, street=street, venue=venue, crew=crew))
        found = settings.find_poster(turn.connection, code)
    assert found is not None  # it was stored in this turn
    return found


def close_poster(region: Region, actor: Actor, code: PosterCode, *, now: datetime | None = None) -> None:
    """Let nobody sign up by a poster any more. Permission: poster.make. Event: PosterClosed."""
    require(actor, "poster.make")
    with region.turn(actor, now=now) as turn:
        found = settings.find_poster(turn.connection, code)
        if found is None or found.closed_at is not None:
            raise NotFound("open poster", code)
        store.close_poster(turn, event=PosterClosed(at=turn.now, poster=code, why="by_hand"))


def list_posters(region: Region, actor: Actor, *, most: int = -1, after: int = 0) -> list[tuple[Poster, int]]:
    """Return posters with how many candidates each brought, newest first; -1 for all. Permission: candidate.read."""
    require(actor, "candidate.read")
    return store.read_posters(region.reader(), most=most, after=after)


def count_posters(region: Region, actor: Actor) -> int:
    """Return how many posters there are, closed ones too. Permission: candidate.read."""
    require(actor, "candidate.read")
    return store.count_posters(region.reader())


def find_poster(region: Region, actor: Actor, code: str) -> Poster:
    """
    Return a poster, also a closed one. Permission: candidate.read.

    Raises
    ------
    NotFound
        If there is none of that code.
    """
    require(actor, "candidate.read")
    found = settings.find_poster(region.reader(), PosterCode(code))
    if found is None:
        raise NotFound("poster", code)
    return found


def name_places_of(region: Region, actor: Actor) -> dict[str, str]:
    """Return the names for people of streets, venues and crews on which posters hang. Permission: candidate.read."""
    require(actor, "candidate.read")
    return store.name_poster_places(region.reader())


def find_place(region: Region, actor: Actor, noun: str, text: str) -> str:
    """
    Return the id of the street, venue or crew that a text names by id or by its whole name. Permission: candidate.read.

    Raises
    ------
    NotFound
        If there is none.
    BadInput
        If several are called so.
    """
    require(actor, "candidate.read")
    found = store.find_places(region.reader(), noun, text)
    if not found:
        raise NotFound(noun, text[:60], cure="write the whole name, or the number that its page shows")
    if len(found) > 1:
        raise BadInput(
            Said("several are called '%(text)s'", text=text[:60]),
            field=noun,
            cure=Said("give a number, such as %(found)s", found=found[0]),
        )
    return found[0]


def draw_poster_code(address: str) -> str:
    """Return the QR code of an address as an SVG element."""
    return draw_code(address)


def set_poster_words(
    region: Region, actor: Actor, words: Mapping[str, str], *, now: datetime | None = None
) -> dict[str, str]:
    """
    Set the region's own words, by `chinese_headline`, `english_text` and so on. Permission: recruiting.settings.

    Raises
    ------
    BadInput
        If a name is unknown or a text too long.
    """
    require(actor, "recruiting.settings")
    known = {f"{language}_{part}" for language in ("chinese", "english") for part in WORDS}
    kept = {name: text.strip() for name, text in words.items() if text.strip()}
    for name, text in kept.items():
        if name not in known or len(text) > LONGEST_WORDS:
            raise BadInput(
                "is unknown or too long",
                field=name,
                cure=Said("use at most %(longest_words)s characters", longest_words=LONGEST_WORDS),
            )
    with region.turn(actor, now=now) as turn:
        event = TextsChanged(at=turn.now, text="poster", version=str(len(kept)))
        settings.write_poster_words(turn, kept, event=event)
    return kept


def read_poster_words(region: Region) -> dict[str, str]:
    """Return the region's own words."""
    return settings.poster_words(region.reader())


def set_consent(region: Region, actor: Actor, text: ConsentText, *, now: datetime | None = None) -> str:
    """Make a text the one to which people agree, and return its version. Permission: recruiting.settings."""
    require(actor, "recruiting.settings")
    with region.turn(actor, now=now) as turn:
        settings.write_consent(turn, text, event=TextsChanged(at=turn.now, text="consent", version=text.version))
    return text.version


# ── the public page ─────────────────────────────────────────────────────────────────────────────────────────────────


def open_page(region: Region, code: str, *, now: datetime | None = None, at: datetime | None = None) -> JoinPage:
    """
    Return the page behind a poster; whoever has the code may see it.

    `at` is the moment by the clock from which the form counts: in a sandbox `now` may stand still.

    Raises
    ------
    NotFound
        If there is no such open poster, or the region takes nobody any more.
    """
    poster = _open_poster(region, code, region.moment(now))
    issued, nonce = str(int((at or clock.now()).timestamp() * 1000)), secrets.token_hex(16)
    form = f"{issued}.{nonce}.{held.sign_form(region, poster.code, issued, nonce)}"
    return JoinPage(poster.code, read_consent(region), read_poster_words(region), form)


def _open_poster(region: Region, code: str, now: datetime) -> Poster:
    try:
        found = settings.find_poster(region.reader(), read_code(code))
    except BadInput:
        found = None
    closing = settings.read_wind_down(region.reader()).get("sign_ups")
    if found is None or found.closed_at is not None or (closing and closing[0] <= now):
        raise NotFound("open poster", code[:CODE_LENGTH])
    return found


def receive(
    region: Region, code: str, *, form: str, name: str, phone: str, group: str = "", consent: str = "", trap: str = "",
    address: str = "", now: datetime | None = None, at: datetime | None = None,
) -> Received:  # fmt: skip
    """
    Take what a visitor sent. The permission is an open poster's code. Event: SignUpsRecorded, where a candidate comes of it.

    The same form, and the same number by posters within a day, are taken once; the answer tells nobody whether a number is
    known. `consent` is the version that the visitor agreed to; `trap` is a field that no person sees; `address` is that of
    the network; `at` is the moment by the clock (see `open_page`).

    Raises
    ------
    NotFound
        If there is no such open poster.
    BadInput
        If name or number cannot be, the form is not ours or too old (field `form`), or it was sent faster than anybody writes.
    ConsentMissing
        If the visitor did not agree.
    """
    present, at = region.moment(now), at or clock.now()
    poster = _open_poster(region, code, present)
    if trap:
        return Received.DROPPED
    nonce = _check_form(region, poster.code, form, at)
    name, phone = read_person_name(name), read_mobile(phone)
    if settings.find_consent(region.reader(), consent) is None:
        raise ConsentMissing(version=consent)
    if candidates.find_sign_up(region.reader(), nonce) or _was_here(region, phone, present):
        return Received.TAKEN
    network = held.hash_network(region, network_of(address), at)
    mine, of_poster = held.count_uses(region, network, poster.code, at - WINDOW)
    if not held.use_form(region, nonce, network, poster.code, at):
        return Received.TAKEN
    chosen = Group(group) if group in set(Group) else None
    if mine >= FREE_OF_NETWORK or of_poster >= FREE_OF_POSTER:
        written: dict[str, object] = {"name": name, "phone": phone, "group": chosen or "", "consent": consent}
        kept = held.hold(
            region, nonce, persons.hash_phone(region, phone), poster.code, network, written, present,
            most=MOST_HELD, most_of_network=MOST_HELD_OF_NETWORK,
        )  # fmt: skip
        return Received.HELD if kept else Received.TOO_MANY
    signed = SignUpForm(nonce, name, phone, poster.source(), consent, present, chosen, way="poster")
    with region.turn(Actor(ActorId(f"poster:{poster.code}"), Role.CREW, poster.crew), now=now) as turn:
        sign_up_in_turn(turn, signed)
    return Received.TAKEN


def _check_form(region: Region, code: PosterCode, form: str, now: datetime) -> str:
    issued, _, rest = form.partition(".")
    nonce, _, signature = rest.partition(".")
    ours = hmac.compare_digest(held.sign_form(region, code, issued, nonce).encode(), signature.encode())
    if not ours:
        raise BadInput("is not the form of this page", field="form", cure="open the page again")
    age = now - datetime.fromtimestamp(int(issued) / 1000, UTC)
    if age > FORM_LASTS:
        raise BadInput("is too old", field="form", cure="send it again")
    if age < timedelta(seconds=LEAST_SECONDS):
        raise BadInput("was sent too fast", field="speed", cure="look at it once more and send it again")
    return nonce


def _was_here(region: Region, phone: str, now: datetime) -> bool:
    """Return whether the number signed up by a poster within the last day: a storm of the same writes nothing."""
    there = persons.find_by_phone(region, [phone]).get(phone)
    if there is None:
        return False
    found = candidates.read_sign_ups(region.reader(), there)
    return any(one.source.kind == SourceKind.POSTER and one.made_at > now - SAME_AGAIN for one in found)


def network_of(address: str) -> str:
    """Return the network of an address: itself, or the first 64 bits where IPv6 gives every phone many."""
    try:
        there = ip_address(address.strip())
    except ValueError:
        return "unknown"
    if there.version == 4:
        return str(there)
    return f"{int(there) >> 64:x}"


# ── what waits ──────────────────────────────────────────────────────────────────────────────────────────────────────


def list_floods(region: Region, actor: Actor) -> list[Flood]:
    """Return the sign-ups that wait, by poster and network. Permission: candidate.merge."""
    require(actor, "candidate.merge")
    return held.read_floods(region)


def settle_flood(
    region: Region, actor: Actor, code: str, network: str, *, let_in: bool, now: datetime | None = None
) -> int:
    """
    Let the waiting sign-ups of a poster and network in, or destroy them; return how many became candidates.

    Permission: candidate.merge. Event: SignUpsRecorded, one for each that is let in.

    Raises
    ------
    Forbidden
        If the actor may not.
    """
    require(actor, "candidate.merge")
    waiting, came = held.read_held(region, code, network), 0
    poster = settings.find_poster(region.reader(), PosterCode(code))
    if not let_in or poster is None:
        held.drop_held(region, [identity for identity, _, _ in waiting])
        return 0
    for identity, written, made_at in waiting:
        group = Group(written["group"]) if written["group"] else None
        form = SignUpForm(
            identity, written["name"], written["phone"], poster.source(), written["consent"],
            made_at, group, way="poster",
        )  # fmt: skip
        try:
            with region.turn(actor, now=now) as turn:
                came += not sign_up_in_turn(turn, form).again
        except (NotFound, BadInput, RegionWindingDown):  # the poster was closed meanwhile: nobody comes by it any more
            break
        held.drop_held(region, [identity])
    return came


__all__ = [
    "ConsentText", "JoinPage", "Received", "close_poster", "list_floods", "list_posters", "make_poster",
    "network_of", "open_page", "read_consent", "read_poster_words", "receive", "set_consent", "set_poster_words",
    "settle_flood",
]  # fmt: skip
