"""`fieldops map`: one page to look at, to send and to print, without a network."""

from pathlib import Path
from typing import Annotated

import typer

from fieldops.cli.console import DEFAULT_DB, AsJson, Db, WithQuarantined, print_json, reading, say, shell_actor


def register(app: typer.Typer) -> None:
    """Add the command `map`."""
    app.command("map")(draw_map)


def draw_map(
    out: Annotated[Path, typer.Option(help="The page to write, .html or .png.")] = Path("map.html"),
    db: Db = DEFAULT_DB,
    city: Annotated[str | None, typer.Option(help="The city, where the region has several.")] = None,
    plan: Annotated[str | None, typer.Option(help="The plan to draw; the newest where left away.")] = None,
    with_quarantined: WithQuarantined = False,
    as_json: AsJson = False,
) -> None:
    """
    Write one HTML page with zones, triangles, connection points, awareness, claims and the plan's turfs.

    The page needs no network and no server: open it in any browser, on a phone too. As .png it is the picture of its first
    sight, by the machine's Chromium. Example: fieldops map --out town.html
    """
    from fieldops.actions.coverage import read_coverage
    from fieldops.errors import BadInput, NotFound
    from fieldops.exchange.files import write_bytes
    from fieldops.exchange.mappage import map_page
    from fieldops.exchange.printing import png_bytes
    from fieldops.ids import CityId, PlanId
    from fieldops.store.city import read_city
    from fieldops.store.connect import open_region, read_rules

    if out.suffix.lower() not in (".html", ".htm", ".png"):
        raise BadInput(f"{out} is neither a page nor a picture", field="--out", cure="name it .html or .png")
    region = open_region(db)
    drawn = read_city(region.reader(), CityId(city) if city else None)
    with reading(region, with_quarantined=with_quarantined):
        seen = read_coverage(region, shell_actor(), city=CityId(drawn.name), plan=PlanId(plan) if plan else None)
    if plan and seen.plan is None:
        raise NotFound("plan", plan, cure="see `fieldops plan list`")
    page = map_page(
        drawn, streets=seen.streets, triangles=seen.triangles, zones=seen.zones, crews=seen.crews, plan=seen.plan,
        assignments=seen.assignments, target_share=read_rules(region.reader()).target_share,
    )  # fmt: skip
    picture = out.suffix.lower() == ".png"
    write_bytes(out, png_bytes(page) if picture else page.encode("utf-8"))
    if as_json:
        print_json({"map": str(out), "bytes": out.stat().st_size, "streets": len(drawn.streets)})
    else:
        say(
            f"{out}: {len(drawn.streets):,} streets, {out.stat().st_size / 1e6:.1f} MB."
            + ("" if picture else " Open it in a browser.")
        )
