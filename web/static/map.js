// The map of the desk: tiles hold the shapes, colours.bin the state of a moment, one number a street; nothing here decides anything.

const root = document.getElementById("map");
const view = JSON.parse(root.dataset.view);
const MODES = ["aware", "planned", "held", "left", "burst", "changed"];
const STREETS = ["street", "lane", "compound"];
const TURFS = 12;
const SOURCE = { source: "city", "source-layer": "map" };
const still = matchMedia("(prefers-reduced-motion: reduce)");
const dark = matchMedia("(prefers-color-scheme: dark)");

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const state = (name) => ["coalesce", ["feature-state", name], 0];
const is = (...what) => ["in", ["get", "what"], ["literal", what]];
const chosen = (name) => document.querySelector(`input[name="${name}"]:checked`)?.value;
const shown = (layer) => document.querySelector(`input[name="layer"][value="${layer}"]`).checked;

/** Split colours.bin into its arrays; see read_frame in fieldops/store/frame.py. */
function readFrame(buffer) {
  const [n, m] = new Uint32Array(buffer, 0, 2);
  const bytes = (place, size) => new Uint8Array(buffer, 8 + 4 * n + place, size);
  return {
    planned: new Uint16Array(buffer, 8, n), held: new Uint16Array(buffer, 8 + 2 * n, n),
    aware: bytes(0, n), left: bytes(n, n), burst: bytes(2 * n, n), verdict: bytes(3 * n, m),
  };
}

/**
 * Give every street and connection point what it looks like, where that differs from what is drawn.
 *
 * One number a street, over a paint that never changes: to change a paint would lay out every tile anew.
 */
function draw(map, frame, mode, crew, drawn) {
  const looks = streetLooks(frame, mode, crew);
  looks.forEach((look, fid) => { if (look !== (drawn?.looks[fid] ?? 0)) map.setFeatureState(key(4 * fid), { look }); });
  frame.verdict.forEach((verdict, fid) => {
    if (verdict !== (drawn?.verdict[fid] ?? 0)) map.setFeatureState(key(4 * fid + 2), { verdict });
  });
  return { looks, verdict: frame.verdict };
}

async function fetchFrame(at) {
  const answer = await fetch(view.colours + (at ? `&at=${encodeURIComponent(at)}` : ""));
  if (!answer.ok) throw new Error(`${answer.status}`);
  return readFrame(await answer.arrayBuffer());
}

/** Return what a plan changes on each street: 1 stays, 2 new, 3 goes to another crew, 4 nobody's any more. */
async function fetchChanges() {
  return new Uint8Array(view.changes ? await (await fetch(view.changes)).arrayBuffer() : 0);
}

const turfMiddle = ({ name, lon, lat }) => (
  { type: "Feature", properties: { name }, geometry: { type: "Point", coordinates: [lon, lat] } }
);

const key = (id) => ({ source: "city", sourceLayer: "map", id });

/** Return the looks of each mode: colour, width, and whether a street is drawn solid (1) or dashed (0); numbered through, the first for what is not known. */
function allLooks() {
  const looks = (tints, widths) => tints.map((tint, i) => ({ colour: colour(tint), width: widths[i], solid: i ? 1 : 0 }));
  const turfs = (width, solid) => Array.from({ length: TURFS }, (_, turf) => ({ colour: colour(`turf-${turf}`), width, solid }));
  return {
    aware: looks([0, 1, 2, 3, 4, 5].map((part) => `aware-${part}`), [2, 2.5, 3.5, 4.5, 5.5, 6.5]),
    left: looks(["plain", "aware-4", "aware-3", "aware-2", "aware-1", "aware-5", "ink"], [2, 3, 4, 5, 6.5, 6.5, 1.5]),
    changed: looks(["plain", "aware-5", "good", "warn", "bad"], [2, 2.5, 6, 6, 4]),
    turf: [{ colour: colour("plain"), width: 4, solid: 0 }, ...turfs(4, 1)],
    crew: [{ colour: colour("plain"), width: 2.5, solid: 0 }, ...turfs(2.5, 0.25), ...turfs(7, 1)],
  };
}

/** The number of each mode's first look, as they are numbered through. */
const FIRST = {};
Object.entries(allLooks()).reduce((first, [mode, looks]) => { FIRST[mode] = first; return first + looks.length; }, 0);

/** Return the look of every street in a mode; `crew` lets one crew stand out. */
function streetLooks(frame, mode, crew) {
  const turf = (known) => (known ? 1 + (known % TURFS) : 0);
  const known = frame[mode];
  if (mode in FIRST) return Uint8Array.from(frame.aware, (_, fid) => FIRST[mode] + (known[fid] ?? 0));
  if (!crew || mode === "burst") return Uint8Array.from(known, (number) => FIRST.turf + turf(number));
  return Uint8Array.from(known, (number) => FIRST.crew + turf(number) + (number === crew ? TURFS : 0));
}

const byZoom = (width) => [
  "interpolate", ["exponential", 1.6], ["zoom"], 9, ["*", 0.25, width], 14, ["*", 0.8, width], 18, ["*", 2.5, width],
];

function style(mode) {
  const looks = Object.values(allLooks()).flat(), number = state("look");
  const painted = (what) => ["match", number, ...looks.slice(1).flatMap((look, i) => [i + 1, look[what]]), looks[0][what]];
  const [tint, width, solid] = ["colour", "width", "solid"].map(painted);
  const street = is(...STREETS), ink = colour("ink"), ground = colour("ground");
  const line = (id, filter, paint, layout = {}, minzoom = 0) => ({ id, type: "line", ...SOURCE, filter, minzoom, paint, layout });
  const visible = (layer) => ({ visibility: shown(layer) ? "visible" : "none" });
  const selected = ["boolean", ["feature-state", "selected"], false];
  const circle = (id, paint) => ({ id, type: "circle", ...SOURCE, filter: is("point"), minzoom: 12, layout: visible("triangles"), paint });
  const verdict = state("verdict");
  return [
    { id: "ground", type: "background", paint: { "background-color": ground } },
    line("zones", is("zone"), { "line-color": colour("zone"), "line-width": ["interpolate", ["linear"], ["zoom"], 11, 0.75, 15, 2.5], "line-dasharray": [5, 2] }, visible("zones")),
    line("triangles", is("triangle"), { "line-color": colour("triangle"), "line-width": ["interpolate", ["linear"], ["zoom"], 11, 0.4, 15, 1.2], "line-dasharray": [2, 3] },
      visible("triangles"), 12),
    { id: "areas", type: "fill", ...SOURCE, filter: is("triangle"), minzoom: 12, layout: visible("triangles"), paint: { "fill-opacity": 0 } },
    { id: "compounds", type: "fill", ...SOURCE, filter: is("compound"), paint: { "fill-color": tint, "fill-opacity": ["*", 0.3, solid] } },
    line("selected", street, { "line-color": ink, "line-width": byZoom(14), "line-opacity": ["case", selected, 0.45, 0] },
      { "line-cap": "round" }),
    line("unmarked", street, { "line-color": colour("plain"), "line-width": byZoom(3), "line-dasharray": [2, 1.2],
      "line-opacity": ["case", [">", solid, 0], 0, 1] }),
    line("streets", street, { "line-color": tint, "line-width": byZoom(width), "line-opacity": solid }, { "line-cap": "round", "line-join": "round" }),
    circle("points", {
      "circle-radius": ["interpolate", ["linear"], ["zoom"], 12, 1.5, 16, 7],
      "circle-color": ["match", verdict, 2, colour("aware-5"), ground],
      "circle-stroke-color": ["match", verdict, 1, colour("aware-1"), 2, colour("aware-5"), ink],
      "circle-stroke-width": ["interpolate", ["linear"], ["zoom"], 12, 1, 16, ["match", verdict, 1, 4, 2, 2, 1.5]],
    }),
    { id: "names", type: "symbol", ...SOURCE, filter: street, minzoom: 14.5,
      layout: { ...visible("names"), "symbol-placement": "line", "text-field": ["get", "name"], "text-size": 12, "text-font": ["sans-serif"] },
      paint: { "text-color": ink, "text-halo-color": ground, "text-halo-width": 1.5 } },
    { id: "crews", type: "symbol", source: "crews",
      layout: { visibility: mode === "planned" && shown("names") ? "visible" : "none", "text-field": ["get", "name"],
        "text-size": 14, "text-font": ["sans-serif"], "text-padding": 6 },
      paint: { "text-color": ink, "text-halo-color": ground, "text-halo-width": 2 } },
  ];
}

/** Draw the map and wire the page to it. */
async function main() {
  const maplibre = await import("./vendor/maplibre-gl/dist/maplibre-gl.mjs");
  const present = fetchFrame(), changes = fetchChanges();
  maplibre.addProtocol("pmtiles", new pmtiles.Protocol().tile);
  root.replaceChildren();
  let crew = Number(new URLSearchParams(location.search).get("crew")) || 0;
  let frame = null, changed = null, drawn = null;
  const mode = () => chosen("mode") ?? MODES[0];
  const [west, south, east, north] = view.bounds;
  const map = new maplibre.Map({
    container: root, bounds: [[west, south], [east, north]], fitBoundsOptions: { padding: 24 }, hash: "at", fadeDuration: 0,
    maxPitch: 0, dragRotate: false, pitchWithRotate: false, attributionControl: false, reduceMotion: still.matches,
    locale: {
      "Map.Title": view.words.map, "NavigationControl.ZoomIn": view.words.zoomIn, "NavigationControl.ZoomOut": view.words.zoomOut,
      "AttributionControl.ToggleAttribution": view.attribution,
    },
    style: {
      version: 8,
      sources: {
        city: { type: "vector", url: `pmtiles://${location.origin}${view.tiles}`, promoteId: { map: "key" } },
        crews: { type: "geojson", data: { type: "FeatureCollection", features: view.crews.map(turfMiddle) } },
      },
      layers: style(mode()),
    },
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new maplibre.NavigationControl({ showCompass: false }));
  map.addControl(new maplibre.ScaleControl());
  map.addControl(new maplibre.AttributionControl({ customAttribution: view.attribution }));
  for (const part of document.querySelectorAll(".needs-map")) part.hidden = false;

  const restyle = () => {
    for (const layer of style(mode())) {
      for (const [name, value] of Object.entries(layer.paint ?? {})) map.setPaintProperty(layer.id, name, value);
    }
  };
  const repaint = () => {
    drawn = draw(map, { ...frame, changed }, mode(), crew, drawn);
    for (const { id, layout } of style(mode())) if (layout?.visibility) map.setLayoutProperty(id, "visibility", layout.visibility);
    explain(mode(), crew);
  };
  const showCrew = (number) => {
    crew = number;
    if (crew && mode() === "aware") document.querySelector('input[name="mode"][value="planned"]').checked = true;
    repaint();
  };

  await map.once("load");
  changed = await changes;
  frame = await present;
  repaint();
  wireControls(repaint, showCrew, () => crew);
  wireList(wireFacts(map));
  wirePast(frame, (other) => { frame = other; repaint(); });
  dark.addEventListener("change", restyle);
  map.once("idle", () => { root.dataset.ready = "true"; });
  map.triggerRepaint();
  window.desk = { map };
}

/** Show the legend of what is drawn, and press the button of the crew that stands out. */
function explain(mode, crew) {
  for (const part of document.querySelectorAll(".legend [data-mode]")) {
    part.hidden = part.dataset.mode !== (mode === "planned" || mode === "held" ? "turf" : mode);
  }
  for (const part of document.querySelectorAll(".legend [data-layer]")) part.hidden = !shown(part.dataset.layer);
  for (const button of document.querySelectorAll("button[data-crew]")) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.crew) === crew));
  }
}

function wireControls(repaint, showCrew, crew) {
  for (const input of document.querySelectorAll(".modes input")) input.addEventListener("change", repaint);
  for (const button of document.querySelectorAll("button[data-crew]")) {
    button.addEventListener("click", () => {
      const number = Number(button.dataset.crew);
      showCrew(crew() === number ? 0 : number);
      if (crew()) root.scrollIntoView({ block: "center", behavior: still.matches ? "auto" : "smooth" });
    });
  }
}

/** Let the slider show past days, as they were, and the days ahead, as claims will end and the plan gives. */
function wirePast(present, show) {
  const slider = document.getElementById("past"), day = document.getElementById("past-day");
  const words = new Intl.DateTimeFormat(document.documentElement.lang, { timeZone: view.zone, weekday: "short", month: "short", day: "numeric" });
  const hour = 36e5, now = Math.floor(Date.parse(view.present) / hour) * hour; // whole hours: the server keeps what it has reckoned
  let asked = 0;
  slider.addEventListener("input", () => {
    day.textContent = slider.value === "0" ? view.words.now : words.format(new Date(now + Number(slider.value) * 864e5));
    document.getElementById("ahead").hidden = Number(slider.value) <= 0;
  });
  slider.addEventListener("change", async () => {
    const mine = ++asked, days = Number(slider.value);
    const frame = days ? await fetchFrame(new Date(now + days * 864e5).toISOString()).catch(() => null) : present;
    if (mine !== asked) return;
    if (frame) show(frame);
    else day.textContent = view.words.failed;
    root.dataset.shown = String(days);
  });
}

/** Open a street's facts by a tap, by search, or by ?street= in the address. */
function wireFacts(map) {
  const facts = document.getElementById("facts");
  let selected = null;

  const open = async (id, { fly }) => {
    if (selected !== null) map.removeFeatureState(key(selected), "selected");
    selected = id;
    map.setFeatureState(key(id), { selected: true });
    markRow(id / 4);
    const address = id % 4 ? `${view.triangles}${(id - id % 4) / 4}` : `${view.facts}${id / 4}`;
    const answer = await fetch(`${address}?part=facts${view.more}`).catch(() => null);
    facts.hidden = false;
    if (answer?.ok) facts.innerHTML = await answer.text(); // our own page's markup, escaped by its template
    else facts.textContent = view.words.failed;
    const place = facts.querySelector("article")?.dataset;
    if (fly && place) map.easeTo({ center: [Number(place.lon), Number(place.lat)], zoom: Math.max(map.getZoom(), 15) });
    facts.focus({ preventScroll: fly });
  };

  const layers = ["points", "streets", "compounds", "areas"]; // what a click means, the smallest first
  const hit = (point) => {
    const box = [[point.x - 12, point.y - 12], [point.x + 12, point.y + 12]]; // a thumb, not a needle
    const at = map.queryRenderedFeatures(point, { layers: ["points", "streets"] })[0];
    if (at) return at;
    const near = map.queryRenderedFeatures(box, { layers });
    return layers.map((layer) => near.find((one) => one.layer.id === layer)).find(Boolean);
  };
  map.on("click", ({ point }) => {
    const found = hit(point);
    if (found) open(found.properties.key, { fly: false });
  });
  map.on("mousemove", ({ point }) => {
    map.getCanvas().style.cursor = map.queryRenderedFeatures(point, { layers }).length ? "pointer" : "";
  });
  const street = (fid) => open(4 * fid, { fly: true });
  wireSearch(street);
  const given = new URLSearchParams(location.search), asked = Number(given.get("street")), triangle = Number(given.get("triangle"));
  if (asked) street(asked);
  else if (triangle) open(4 * triangle + 2, { fly: true });
  return street;
}

const listed = document.getElementById("listed");
if (matchMedia("(max-width: 40rem)").matches) // a phone opens on the map; its tables wait folded, but for the one that is asked for
  for (const long of document.querySelectorAll("details.long")) long.open = `#${long.parentElement.id}` === location.hash;

/** Mark the row of what is open, where the table shows it. */
function markRow(fid) {
  for (const row of listed.querySelectorAll("tr[data-key]")) row.setAttribute("aria-selected", String(Number(row.dataset.key) === fid));
}

/** The table beside the map: its links and its form fetch the table alone; arrows go from street to street, space shows one on the map. */
function wireList(show) {
  const load = async (address) => {
    const answer = await fetch(`${view.list}&${new URL(address, location.href).searchParams}`).catch(() => null);
    if (!answer?.ok) return location.assign(address);
    listed.innerHTML = await answer.text(); // our own page's markup, escaped by its template
    history.replaceState(null, "", address);
    listed.querySelector("tbody th a")?.focus({ preventScroll: true });
  };
  listed.addEventListener("click", (event) => {
    const link = event.target.closest("thead a, .turn a"), row = event.target.closest("tr[data-key]");
    if (link && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      load(link.href);
    } else if (row && !event.target.closest("a")) {
      show(Number(row.dataset.key));
      root.scrollIntoView({ block: "nearest", behavior: still.matches ? "auto" : "smooth" });
    }
  });
  listed.addEventListener("submit", (event) => {
    event.preventDefault();
    const wished = new URLSearchParams([...new FormData(event.target)].filter(([, value]) => value));
    load(`?${wished}#street-list`);
  });
  listed.addEventListener("keydown", (event) => {
    const row = event.target.closest("tr[data-key]");
    if (!row) return;
    const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    if (step) row[step]?.querySelector("th a")?.focus();
    else if (event.key === " ") show(Number(row.dataset.key));
    else return;
    event.preventDefault();
  });
}

function wireSearch(open) {
  const field = document.getElementById("search"), found = document.getElementById("found");
  field.form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const answer = await fetch(`${view.streets}&q=${encodeURIComponent(field.value)}`).catch(() => null);
    const rows = answer?.ok ? await answer.json() : [];
    found.hidden = false;
    found.replaceChildren(...rows.map((row) => {
      const item = document.createElement("li"), button = document.createElement("button");
      button.type = "button";
      button.textContent = row.label;
      button.addEventListener("click", () => { found.hidden = true; open(row.key); });
      item.append(button);
      return item;
    }));
    if (!rows.length) {
      const item = document.createElement("li");
      item.textContent = answer?.ok ? view.words.none : view.words.failed;
      found.append(item);
    }
  });
}

main().catch((error) => {
  console.warn(error);
  const note = document.createElement("p");
  note.id = "no-map";
  note.textContent = view.words.noMap;
  root.replaceChildren(note);
  for (const part of document.querySelectorAll(".needs-map")) part.hidden = true;
  root.dataset.ready = "none";
});
