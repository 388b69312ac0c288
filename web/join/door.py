"""The page behind a poster: public, a few kilobytes, without script, for any phone, in Chinese and English."""

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask_babel import force_locale, get_locale
from werkzeug.wrappers import Response as AnyResponse

from fieldops.actions import recruiting_posters as acts
from fieldops.actions.recruiting_lists import GROUPS_FIRST
from fieldops.actions.recruiting_posters import JoinPage, Received
from fieldops.errors import BadInput, ConsentMissing, NotFound
from web.language import NAMES, chosen_language, remember
from web.regions import act_moment, the_region
from web.security import from_anywhere
from web.session import public

pages = Blueprint("door", __name__)
LONGEST = 200  # characters of a field that are read; the rest is no name and no number


@pages.get("/join/<code>")
@public
def page(code: str) -> Response:
    """Return the form, or a friendly word where the poster is no longer in use."""
    try:
        return _show(acts.open_page(the_region(), code, now=act_moment()))
    except NotFound:
        return _closed()


@pages.post("/join/<code>")
@public
@from_anywhere
def sign_up(code: str) -> Response:
    """Take a sign-up; whatever was wrong is said beside its field, and what was written stays."""
    written = _written()
    agreed = written["agree"] == "1"
    try:
        done = acts.receive(
            the_region(), code, form=written["form"], name=written["name"], phone=written["phone"], group=written["group"],
            consent=written["consent"] if agreed else "", trap=written["site"], address=request.remote_addr or "", now=act_moment(),
        )  # fmt: skip
    except NotFound:
        return _closed()
    except (BadInput, ConsentMissing) as refusal:
        wrong = refusal.field if isinstance(refusal, BadInput) else "agree"
        fresh = acts.open_page(the_region(), code, now=act_moment())
        keep = wrong not in ("form", None)  # the form of a page that was looked at for a while stays good
        return _show(
            fresh, wrong=wrong or "form", written=written, form=written["form"] if keep else fresh.form, status=422
        )
    if done == Received.TOO_MANY:
        response = make_response(render_template("join/thanks.html", later=True), 429)
        response.headers["Retry-After"] = "600"
        return _unkept(response)
    return _unkept(make_response(render_template("join/thanks.html", later=False)))


@pages.get("/join/<code>/language")
@public
def form_again(code: str) -> AnyResponse:
    """Lead whoever opens the address of the switch again to the form."""
    return redirect(url_for("door.page", code=code), 303)


@pages.post("/join/<code>/language")
@public
@from_anywhere
def switch(code: str) -> Response:
    """Show the form in the other language with what was typed so far; nothing is stored."""
    written, language = _written(), request.form.get("language", "")
    with force_locale(language if language in NAMES else chosen_language()):
        try:
            seen = acts.open_page(the_region(), code, now=act_moment())
        except NotFound:
            return remember(_closed())
        return remember(_show(seen, written=written, form=written["form"]))


def _written() -> dict[str, str]:
    return {
        name: request.form.get(name, "")[:LONGEST]
        for name in ("name", "phone", "group", "form", "consent", "site", "agree")
    }


def _show(
    seen: JoinPage, *, wrong: str = "", written: dict[str, str] | None = None, form: str = "", status: int = 200
) -> Response:
    chinese = str(get_locale()).startswith("zh")
    prefix = "chinese_" if chinese else "english_"
    words = {name.removeprefix(prefix): text for name, text in seen.words.items() if name.startswith(prefix)}
    return _unkept(make_response(
        render_template(
            "join/door.html", seen=seen, words=words, wrong=wrong, written=written or {}, form=form or seen.form,
            consent=seen.consent.chinese if chinese else seen.consent.english, groups=GROUPS_FIRST,
        ),
        status,
    ))  # fmt: skip


def _closed() -> Response:
    return _unkept(make_response(render_template("join/closed.html"), 404))


def _unkept(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
