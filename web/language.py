"""Chinese or English: what the visitor chose, else what the browser asks for, else Chinese."""

from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from flask import Blueprint, Flask, Response, current_app, request
from flask_babel import Babel, Domain, get_locale
from werkzeug.exceptions import HTTPException

from fieldops.actions.desk import read_time_zone
from web.regions import the_region
from web.session import public

CHINESE, ENGLISH = "zh_Hans", "en"
NAMES = {CHINESE: "中文", ENGLISH: "English"}
COOKIE = "language"
A_YEAR = 365 * 24 * 3600
TRANSLATIONS = Path(__file__).parent / "translations"

pages = Blueprint("language", __name__)


def install(app: Flask) -> None:
    """Give templates the languages; translations are read from the .po text itself, so there is nothing to compile."""
    Babel(app, default_locale=CHINESE, locale_selector=chosen_language)
    domain = Domain(str(TRANSLATIONS))
    domain.cache[CHINESE, "messages"] = read_translations(CHINESE)
    domain.cache[ENGLISH, "messages"] = Translations()
    app.before_request(domain.as_default)
    app.register_blueprint(pages)
    app.template_filter("moment")(moment)
    app.template_filter("own_moment")(own_moment)
    app.template_global("own_span")(own_span)
    app.template_filter("day")(day)
    app.template_filter("weekday")(weekday)
    app.template_global("languages")(lambda: NAMES)
    app.template_global("language")(lambda: str(get_locale()))
    app.template_global("html_language")(lambda: str(get_locale()).replace("_", "-"))
    app.template_global("here")(here)


def here() -> str:
    """Return the address that shows this page again; where only a form leads to it, that of the page with the form."""
    if request.method in ("GET", "HEAD") or _can_be_asked_for(request.path):
        return request.full_path.rstrip("?")
    before = urlsplit(request.referrer or "")
    ours = before.netloc == request.host and _can_be_asked_for(before.path)
    return urlunsplit(("", "", before.path, before.query, "")) if ours else "/"


def _can_be_asked_for(path: str) -> bool:
    try:
        current_app.create_url_adapter(request).match(path, method="GET")  # type: ignore[union-attr]
    except HTTPException:
        return False
    return True


def read_translations(locale: str) -> Translations:
    """Return the translations of a locale."""
    compiled = BytesIO()
    write_mo(compiled, read_catalogue(locale))
    compiled.seek(0)
    return Translations(compiled)


def read_catalogue(locale: str) -> Catalog:
    """
    Return the messages of a locale, read from its .po files: one for each audience, so that each is read as a whole.

    Raises
    ------
    ValueError
        If two files translate the same message differently.
    """
    whole = Catalog(locale=locale)
    for path in sorted((TRANSLATIONS / locale / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as file:
            part = read_po(file, locale=locale)
        for message in part:
            there = whole.get(message.id) if message.id else None
            if there is not None and there.string != message.string:
                raise ValueError(f"{path.name} translates {message.id!r} in another way than the files before it")
            if message.id:
                whole[message.id] = message
    return whole


def chosen_language() -> str:
    """Return the language of this request."""
    chosen = request.cookies.get(COOKIE)
    return chosen if chosen in NAMES else asked_language(request.headers.get("Accept-Language", ""))


def asked_language(header: str) -> str:
    """
    Return the language that an Accept-Language header asks for most.

    Every kind of Chinese is ours, which the matching of werkzeug and babel denies; a language that we do not have is
    answered in English, no wish at all in Chinese.
    """
    wishes: list[tuple[float, str]] = []
    for part in header.split(","):
        tag, _, rest = part.strip().partition(";")
        quality = rest.strip().removeprefix("q=")
        try:
            wishes.append((float(quality) if quality else 1.0, tag.strip().lower()))
        except ValueError:
            continue
    ours = {"zh": CHINESE, "en": ENGLISH}
    for wish, tag in sorted(wishes, key=lambda pair: -pair[0]):
        language = tag.split("-")[0]
        if wish > 0 and language in ours:
            return ours[language]
    return ENGLISH if any(tag for _, tag in wishes) else CHINESE


def moment(value: datetime, zone: str) -> str:
    """Return a moment as people of the city write it, with the day of the week."""
    here = value.astimezone(ZoneInfo(zone))
    chinese = str(get_locale()) == CHINESE
    return format_datetime(here, "M月d日 E HH:mm" if chinese else "EEE d MMM, HH:mm", locale=get_locale())


def day(value: date) -> str:
    """Return a calendar day as people write it, with the day of the week."""
    chinese = str(get_locale()) == CHINESE
    return format_date(value, "M月d日 E" if chinese else "EEE d MMM", locale=get_locale())


def weekday(value: date) -> str:
    """Return the day of the week in its short form, for narrow heads of tables."""
    return format_date(value, "EEE", locale=get_locale())


def own_moment(value: datetime) -> str:
    """Return a moment in the zone of the region's first city: for pages that belong to no city."""
    return moment(value, read_time_zone(the_region()))


def own_span(begin: datetime, end: datetime) -> str:
    """Return from when until when, in the zone of the region's first city; a day that both have is said once."""
    zone = ZoneInfo(read_time_zone(the_region()))
    if begin.astimezone(zone).date() != end.astimezone(zone).date():
        return f"{own_moment(begin)} – {own_moment(end)}"
    return f"{own_moment(begin)} – {format_datetime(end.astimezone(zone), 'HH:mm', locale=get_locale())}"


@pages.post("/language")
@public
def choose() -> Response:
    """Remember the visitor's language in a cookie, and go back."""
    back = request.form.get("back", "/")
    return remember(Response(status=303, headers={"Location": back if is_path(back) else "/"}))


def remember(response: Response) -> Response:
    """Keep the language that a form chose in the visitor's cookie; what is no language of ours is left alone."""
    if request.form.get("language") in NAMES:
        response.set_cookie(
            COOKIE, request.form["language"], max_age=A_YEAR, httponly=True, samesite="Lax", secure=request.is_secure
        )
    return response


def is_path(target: str) -> bool:
    """Return whether an address leads to this site: one slash, then no slash, and nothing that browsers bend."""
    if not target.startswith("/") or target.startswith("//"):
        return False
    return all(" " <= sign <= "~" and sign != "\\" for sign in target)
