// The map of the desk: tiles hold the shapes, colours.bin the state of a moment, one number a street; nothing here decides anything.

const root = document.getElementById("map");
const view = JSON.parse(root.dataset.view);
const MODES = ["aware", "planned", "held", "left", "burst", "changed"];
const OF_STREETS = ["planned", "held", "aware", "left", "burst"]; // the states that a frame gives every street
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

/** Give every street and connection point its state of a moment, where it differs from what is drawn; the paint below turns states into colours. */
function applyFrame(map, frame, drawn) {
  for (let fid = 0; fid < frame.aware.length; fid++) {
    if (OF_STREETS.some((name) => frame[name][fid] !== (drawn?.[name][fid] ?? 0))) {
      map.setFeatureState(key(4 * fid), Object.fromEntries(OF_STREETS.map((name) => [name, frame[name][fid]])));
    }
  }
  frame.verdict.forEach((verdict, fid) => {
    if (verdict !== (drawn?.verdict[fid] ?? 0)) map.setFeatureState(key(4 * fid + 2), { verdict });
  });
  return frame;
}

async function fetchFrame(at) {
  const answer = await fetch(view.colours + (at ? `&at=${encodeURIComponent(at)}` : ""));
  if (!answer.ok) throw new Error(`${answer.status}`);
  return readFrame(await answer.arrayBuffer());
}

/** Mark what a plan changes: 1 stays, 2 new, 3 goes to another crew, 4 nobody's any more. */
async function applyChanges(map) {
  const changed = new Uint8Array(await (await fetch(view.changes)).arrayBuffer());
  changed.forEach((sort, fid) => { if (sort) map.setFeatureState(key(4 * fid), { changed: sort }); });
}

const turfMiddle = ({ name, lon, lat }) => (
  { type: "Feature", properties: { name }, geometry: { type: "Point", coordinates: [lon, lat] } }
);

const key = (id) => ({ source: "city", sourceLayer: "map", id });

/** Return what paints a street in a mode: its colour, its width, and whether it is drawn solid (1) or dashed (0). */
function streetPaint(mode, crew) {
  const known = state(mode);
  if (mode === "aware") {
    const classes = [1, 2, 3, 4, 5];
    return {
      colour: ["match", known, ...classes.flatMap((part) => [part, colour(`aware-${part}`)]), colour("aware-0")],
      width: ["match", known, ...classes.flatMap((part) => [part, 1.5 + part]), 2],
      solid: ["case", [">", known, 0], 1, 0],
    };
  }
  if (mode === "left") {
    const tints = ["aware-4", "aware-3", "aware-2", "aware-1", "aware-5", "ink"].map(colour), widths = [3, 4, 5, 6.5, 6.5, 1.5];
    return {
      colour: ["match", known, ...tints.flatMap((tint, i) => [i + 1, tint]), colour("plain")],
      width: ["match", known, ...widths.flatMap((width, i) => [i + 1, width]), 2],
      solid: ["case", [">", known, 0], 1, 0],
    };
  }
  if (mode === "changed") {
    const tints = ["aware-5", "good", "warn", "bad"].map(colour), widths = [2.5, 6, 6, 4];
    return {
      colour: ["match", known, ...tints.flatMap((tint, i) => [i + 1, tint]), colour("plain")],
      width: ["match", known, ...widths.flatMap((width, i) => [i + 1, width]), 2],
      solid: ["case", [">", known, 0], 1, 0],
    };
  }
  const turfs = Array.from({ length: TURFS }, (_, turf) => turf);
  return {
    colour: ["match", ["%", known, TURFS], ...turfs.flatMap((turf) => [turf, colour(`turf-${turf}`)]), colour("plain")],
    width: crew ? ["case", ["==", known, crew], 7, 2.5] : 4,
    solid: ["case", ["==", known, 0], 0, crew ? ["case", ["==", known, crew], 1, 0.25] : 1],
  };
}

const byZoom = (width) => [
  "interpolate", ["exponential", 1.6], ["zoom"], 9, ["*", 0.25, width], 14, ["*", 0.8, width], 18, ["*", 2.5, width],
];

function style(mode, shownCrew) {
  const crew = mode === "planned" || mode === "held" ? shownCrew : 0;
  const { colour: tint, width, solid } = streetPaint(mode, crew);
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
  const present = fetchFrame();
  maplibre.addProtocol("pmtiles", new pmtiles.Protocol().tile);
  root.replaceChildren();
  let crew = Number(new URLSearchParams(location.search).get("crew")) || 0;
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
      layers: style(mode(), crew),
    },
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new maplibre.NavigationControl({ showCompass: false }));
  map.addControl(new maplibre.ScaleControl());
  map.addControl(new maplibre.AttributionControl({ customAttribution: view.attribution }));
  for (const part of document.querySelectorAll(".needs-map")) part.hidden = false;

  const repaint = () => {
    for (const layer of style(mode(), crew)) {
      for (const [name, value] of Object.entries(layer.paint ?? {})) map.setPaintProperty(layer.id, name, value);
      if (layer.layout?.visibility) map.setLayoutProperty(layer.id, "visibility", layer.layout.visibility);
    }
    explain(mode(), crew);
  };
  const showCrew = (number) => {
    crew = number;
    if (crew && mode() === "aware") document.querySelector('input[name="mode"][value="planned"]').checked = true;
    repaint();
  };

  await map.once("load");
  const drawn = applyFrame(map, await present);
  if (view.changes) await applyChanges(map);
  explain(mode(), crew);
  wireControls(repaint, showCrew, () => crew);
  wireList(wireFacts(map));
  wirePast(map, drawn);
  dark.addEventListener("change", repaint);
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
function wirePast(map, present) {
  const slider = document.getElementById("past"), day = document.getElementById("past-day");
  const words = new Intl.DateTimeFormat(document.documentElement.lang, { timeZone: view.zone, weekday: "short", month: "short", day: "numeric" });
  const hour = 36e5, now = Math.floor(Date.parse(view.present) / hour) * hour; // whole hours: the server keeps what it has reckoned
  let asked = 0, drawn = present;
  slider.addEventListener("input", () => {
    day.textContent = slider.value === "0" ? view.words.now : words.format(new Date(now + Number(slider.value) * 864e5));
    document.getElementById("ahead").hidden = Number(slider.value) <= 0;
  });
  slider.addEventListener("change", async () => {
    const mine = ++asked, days = Number(slider.value);
    const frame = days ? await fetchFrame(new Date(now + days * 864e5).toISOString()).catch(() => null) : present;
    if (mine !== asked) return;
    if (frame) drawn = applyFrame(map, frame, drawn);
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
    const answer = await fetch(`${address}?part=facts`).catch(() => null);
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
