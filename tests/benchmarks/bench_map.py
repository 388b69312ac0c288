"""The map page of a city of 50,000 streets beside the same page drawn by Leaflet: first paint, map ready, every street recoloured."""

import gzip
import json
import os
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import shapely
from playwright.sync_api import Browser, Route, sync_playwright

from fieldops.actions.tiles import make_tiles
from fieldops.people import Role
from fieldops.store.city import read_city
from tests.accounts import PLAIN_COOKIE, session_of
from tests.benchmarks.bench_poll import served, serving
from tests.browser.conftest import QUIET, SOFTWARE_WEBGL
from tests.conftest import PLANNER
from tests.desk_town import TOWN, make_desk_town
from web.paging import A_PAGE

ROOT = Path(__file__).parents[2]
LEAFLET = ROOT / "web" / "node_modules" / "leaflet" / "dist"
CROSSINGS = 159  # a grid of 159 x 159 has 50,244 streets
BUDGET_JS, BUDGET_ALL = 480_000, 1_200_000  # bytes in gzip: web.md, section 6
# Drawing is over when six frames in a row come within 40 ms: a canvas lags behind its first animation frame.
SETTLE = """() => new Promise((done) => {
  let quick = 0, last = performance.now();
  const frame = (now) => { quick = now - last < 40 ? quick + 1 : 0; last = now; quick < 6 ? requestAnimationFrame(frame) : done(last - 6 * 16); };
  requestAnimationFrame(frame);
})"""
PEER = """
const colours = ["#6d737b", "#b2182b", "#b8541a", "#8a6d00", "#2477a0", "#1b3a8a"], box = document.getElementById("map");
const [answer, bytes] = await Promise.all([fetch("/peer/streets.json"), fetch("/colours.bin")]);
const streets = await answer.json(), buffer = await bytes.arrayBuffer(), [n] = new Uint32Array(buffer, 0, 2);
const planned = new Uint16Array(buffer, 8, n), aware = new Uint8Array(buffer, 8 + 4 * n, n);
const by = { planned: (fid) => colours[planned[fid] % 6], aware: (fid) => colours[aware[fid]] };
const style = (mode) => (feature) => ({ color: by[mode](feature.id), weight: mode === "aware" ? 1.5 + aware[feature.id] : 4 });
box.replaceChildren();
const map = L.map(box, { renderer: L.canvas(), attributionControl: false });
const layer = L.geoJSON(streets, { style: style("planned") });
map.fitBounds(layer.getBounds());
layer.addTo(map);
window.recolour = (mode) => layer.setStyle(style(mode));
box.dataset.ready = "true";
"""
OURS = "(mode) => document.querySelector(`input[name=mode][value=${mode}]`).click()"


def main(full: bool = False) -> None:
    """Print seconds of both, their ratios, and the bytes of ours; three rounds, five with `full`."""
    rounds = 5 if full else 3
    with TemporaryDirectory() as folder:
        path = Path(folder) / "region.gpkg"
        region = make_desk_town(path, CROSSINGS, CROSSINGS)
        city = read_city(region.reader(), TOWN)
        region.close()
        make_tiles(path, PLANNER)
        data = peer_data(city.streets["fid"].tolist(), city.streets.geometry.to_numpy())
        secret = session_of(path, Role.LEAD)
        print(f"{len(city.streets):,} streets; seconds, the best of {rounds} rounds (median)")
        print(f"{'':10}{'first paint':>18}{'table there':>18}{'map ready':>18}{'recoloured':>18}")
        with served(serving(path)) as (port, _), sync_playwright() as driver:
            browser = driver.chromium.launch(
                executable_path=os.environ.get("FIELDOPS_CHROMIUM"), args=[*QUIET, *SOFTWARE_WEBGL]
            )
            visit(browser, port, secret, None)  # the server reads its modules
            pairs = [(visit(browser, port, secret, None), visit(browser, port, secret, data)) for _ in range(rounds)]
            browser.close()
    ours, peer = ([pair[side] for pair in pairs] for side in (0, 1))
    for name, visits in (("fieldops", ours), ("leaflet", peer)):
        print(f"{name:10}" + "".join(f"{told([visit[what] for visit in visits]):>18}" for what in TIMES))
    ready, recoloured = (min(v[what] for v in peer) / min(v[what] for v in ours) for what in TIMES[2:])
    print(f"leaflet takes {ready:.1f} x as long to be ready and {recoloured:.1f} x to recolour every street")
    script, whole = ours[0]["script"], ours[0]["whole"]
    print(f"bytes in gzip: scripts {script:,.0f} of {BUDGET_JS:,}, all but tiles {whole:,.0f} of {BUDGET_ALL:,}")


TIMES = ("painted", "table", "ready", "recoloured")


def told(seconds: list[float]) -> str:
    """Return the best of several rounds, and the median."""
    return f"{min(seconds):.2f} ({median(seconds):.2f})"


def peer_data(fids: list[int], shapes: Any) -> bytes:
    """Return the streets as GeoJSON, as a page without tiles would get them."""
    features = [
        {"type": "Feature", "id": fid, "properties": {}, "geometry": json.loads(text)}
        for fid, text in zip(fids, shapely.to_geojson(shapely.set_precision(shapes, 1e-6)), strict=True)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def visit(browser: Browser, port: int, secret: str, peer: bytes | None) -> dict[str, float]:
    """Open the page anew, ours or (with its data) the peer's, and return seconds and bytes."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US", service_workers="block")
    context.add_cookies([{"name": PLAIN_COOKIE, "value": secret, "domain": "127.0.0.1", "path": "/"}])
    page = context.new_page()
    sizes: dict[str, int] = {}
    page.on("response", lambda answer: sizes.update({answer.url: size_of(answer)}))
    if peer is not None:
        page.route("**/map", as_peer)
        page.route("**/peer/*", lambda route: give_peer(route, peer))
    page.goto(f"http://127.0.0.1:{port}/map", wait_until="commit", timeout=120_000)
    page.locator("#map[data-ready=true]").wait_for(timeout=240_000)
    ready = page.evaluate(SETTLE)
    painted, table = page.evaluate(
        "[performance.getEntriesByName('first-contentful-paint')[0].startTime, performance.timing.domContentLoadedEventStart - performance.timing.navigationStart]"
    )
    assert page.locator("#listed tbody tr").count() == A_PAGE
    began = page.evaluate("performance.now()")
    page.evaluate(OURS if peer is None else "(mode) => { window.recolour(mode); }", "aware")
    done = page.evaluate(SETTLE)
    context.close()
    scripts = sum(size for url, size in sizes.items() if url.split("?")[0].endswith(("js", "mjs")))
    whole = sum(size for url, size in sizes.items() if ".pmtiles" not in url)
    return {
        "painted": painted / 1000, "table": table / 1000, "ready": ready / 1000, "recoloured": (done - began) / 1000,
        "script": float(scripts), "whole": float(whole),
    }  # fmt: skip


def size_of(answer: Any) -> int:
    """Return the bytes of an answer in gzip; 0 for parts of the tiles, and for what has no body."""
    if ".pmtiles" in answer.url or answer.status != 200:
        return 0
    return len(gzip.compress(answer.body()))


def as_peer(route: Route) -> None:
    """Answer our own page with the peer's library and script in the place of ours."""
    answer = route.fetch()
    body = answer.text()
    head, _, rest = body.partition("</head>")
    kept = [
        line for line in head.splitlines() if "maplibre" not in line and "pmtiles" not in line and "map.js" not in line
    ]
    added = '<link rel="stylesheet" href="/peer/leaflet.css"><script src="/peer/leaflet.js" defer></script>' + (
        '<script type="module" src="/peer/page.js"></script>'
    )
    route.fulfill(response=answer, body="\n".join(kept) + added + "</head>" + rest)


def give_peer(route: Route, data: bytes) -> None:
    """Answer with a file of the peer."""
    name = route.request.url.rsplit("/", 1)[1]
    kinds = {"js": "text/javascript", "css": "text/css", "json": "application/json"}
    body = {"page.js": PEER.encode(), "streets.json": data}.get(name) or (LEAFLET / name).read_bytes()
    route.fulfill(body=body, content_type=kinds[name.rsplit(".", 1)[1]])
