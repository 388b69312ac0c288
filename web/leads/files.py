"""Files: tables taken in with their row errors on the screen, tables given out."""

from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Blueprint, Response, make_response, render_template, request
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response as AnyResponse

from fieldops.actions import files
from fieldops.actions.recruiting import read_consent
from fieldops.errors import BadInput, RowsRefused
from fieldops.said import Said
from web.navigation import Entry
from web.regions import act_moment, the_region
from web.session import current_actor, needs

pages = Blueprint("files", __name__)
MENU = [Entry("files.page", lazy_gettext("Files"), 88, "office")]
LARGEST_FILE = 20_000_000  # bytes; larger ones by the command line
FORMS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@pages.get("/files")
@needs("desk.read")
def page() -> str:
    """Return the page of tables in and out."""
    return _page()


def _page(**more: object) -> str:
    return render_template(
        "leads/files.html", imports=files.IMPORTS, exports=files.EXPORTS, forms=list(FORMS),
        consent=read_consent(the_region()), **more,
    )  # fmt: skip


@pages.post("/files/import")
@needs("crew.import")
def take() -> AnyResponse:
    """Take a table in: rows that cannot be used are refused with their reason, or with `strict` the whole file."""
    request.max_content_length = LARGEST_FILE
    sent = request.files.get("file")
    noun = request.form.get("noun", "")
    if sent is None or not sent.filename:
        raise BadInput("no file", field="file", cure="choose a CSV or XLSX file")
    with TemporaryDirectory(prefix="fieldops-") as folder:
        path = Path(folder) / "table"  # never the name that was sent; what it is, it says itself
        sent.save(path)
        try:
            done, unknown = files.take_table(
                the_region(), current_actor(), noun, path, strict=bool(request.form.get("strict")),
                consent=request.form.get("consent", ""), coordinates=request.form.get("coordinates", ""), now=act_moment(),
            )  # fmt: skip
        except RowsRefused as refusal:
            return make_response(_page(noun=noun, refused=refusal, rejected=refusal.rejected), 422)
    response = make_response(_page(noun=noun, done=done, rejected=done.rejected, unknown=unknown))
    response.headers["Cache-Control"] = "no-store"  # refused rows may hold names and numbers
    return response


@pages.get("/files/export/<table>.<form>")
@needs("desk.read")
def give(table: str, form: str) -> Response:
    """Give a table out as CSV or XLSX."""
    if form not in FORMS:
        raise BadInput(Said("no such form '%(form)s'", form=form[:10]), field="form", cure="csv or xlsx")
    with TemporaryDirectory(prefix="fieldops-") as folder:
        path = Path(folder) / f"table.{form}"
        files.write_table(the_region(), current_actor(), table, path)
        response = Response(path.read_bytes(), content_type=FORMS[form])
    response.headers["Content-Disposition"] = f'attachment; filename="{table}.{form}"'
    response.headers["Cache-Control"] = "no-store"
    return response
