// Drawing on the map: taps fill the fields of the form, which sends them; nothing here decides anything.

const root = document.getElementById("map");
const view = JSON.parse(root.dataset.view);
const form = document.getElementById("drawing"), fields = form.elements;
const chosen = document.getElementById("chosen");
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const SOURCE = { source: "city", "source-layer": "map" };
const STREETS = ["street", "lane", "compound"];
const kind = () => form.querySelector('input[name="kind"]:checked').value;
const streets = () => fields.streets.value.split(/\s+/).filter(Boolean);
const points = () => fields.points.value.split(/[\s;]+/).map((part) => part.split(",").map(Number)).filter(([lon, lat]) => Number.isFinite(lon) && Number.isFinite(lat));
const MOST = { split: 1, gate: 1, join: 20, draw_street: 0, draw_compound: 0 };

function drawn() {
  const known = points();
  const closed = kind() === "draw_compound" && known.length > 2;
  const line = closed ? [...known, known[0]] : known;
  const features = known.map((at) => ({ type: "Feature", properties: {}, geometry: { type: "Point", coordinates: at } }));
  if (line.length > 1 && kind() !== "gate") features.push({ type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: line } });
  return { type: "FeatureCollection", features };
}

function explain() {
  for (const one of document.querySelectorAll("#how [data-kind]")) one.hidden = one.dataset.kind !== kind();
  fields.streets.closest("label").hidden = MOST[kind()] === 0;
  fields.points.closest("label").hidden = kind() === "join";
  fields.name.closest("label").hidden = !kind().startsWith("draw");
  chosen.hidden = MOST[kind()] === 0;
}

/** Choose a street or leave it out again; where one is enough, the last one counts. */
function choose({ street, label }) {
  const known = streets();
  const at = known.indexOf(street);
  if (at >= 0) {
    known.splice(at, 1);
    chosen.querySelector(`[data-street="${CSS.escape(street)}"]`)?.remove();
  } else {
    if (MOST[kind()] === 1) {
      known.length = 0;
      chosen.replaceChildren();
    }
    known.push(street);
    const item = document.createElement("li"), words = document.createElement("p"), out = document.createElement("button");
    item.dataset.street = street;
    words.textContent = label + " ";
    out.type = "button";
    out.textContent = view.words.take;
    out.onclick = () => choose({ street, label });
    words.append(out);
    item.append(words);
    chosen.append(item);
  }
  fields.streets.value = known.join(" ");
}

async function main() {
  const maplibre = await import("./vendor/maplibre-gl/dist/maplibre-gl.mjs");
  maplibre.addProtocol("pmtiles", new pmtiles.Protocol().tile);
  root.replaceChildren();
  const [west, south, east, north] = view.bounds;
  const is = (...what) => ["in", ["get", "what"], ["literal", what]];
  const width = (base) => ["interpolate", ["exponential", 1.6], ["zoom"], 9, 0.3 * base, 14, base, 18, 3 * base];
  const map = new maplibre.Map({
    container: root, ...(view.at ? { center: view.at, zoom: 16 } : { bounds: [[west, south], [east, north]] }), fadeDuration: 0,
    maxPitch: 0, dragRotate: false, pitchWithRotate: false, attributionControl: false, doubleClickZoom: false,
    locale: {
      "Map.Title": view.words.map, "NavigationControl.ZoomIn": view.words.zoomIn, "NavigationControl.ZoomOut": view.words.zoomOut,
      "AttributionControl.ToggleAttribution": view.attribution,
    },
    style: {
      version: 8,
      sources: {
        city: { type: "vector", url: `pmtiles://${location.origin}${view.tiles}`, promoteId: { map: "key" } },
        drawn: { type: "geojson", data: drawn() },
      },
      layers: [
        { id: "ground", type: "background", paint: { "background-color": colour("ground") } },
        { id: "compounds", type: "fill", ...SOURCE, filter: is("compound"), paint: { "fill-color": colour("plain"), "fill-opacity": 0.25 } },
        { id: "streets", type: "line", ...SOURCE, filter: is(...STREETS), layout: { "line-cap": "round" }, paint: { "line-color": colour("plain"), "line-width": width(3) } },
        { id: "names", type: "symbol", ...SOURCE, filter: is(...STREETS), minzoom: 14.5,
          layout: { "symbol-placement": "line", "text-field": ["get", "name"], "text-size": 12, "text-font": ["sans-serif"] },
          paint: { "text-color": colour("ink"), "text-halo-color": colour("ground"), "text-halo-width": 1.5 } },
        { id: "drawn-line", type: "line", source: "drawn", filter: ["==", ["geometry-type"], "LineString"], paint: { "line-color": colour("bad"), "line-width": 3, "line-dasharray": [2, 1] } },
        { id: "drawn-points", type: "circle", source: "drawn", filter: ["==", ["geometry-type"], "Point"],
          paint: { "circle-radius": 7, "circle-color": colour("bad"), "circle-stroke-color": colour("ground"), "circle-stroke-width": 2 } },
      ],
    },
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new maplibre.NavigationControl({ showCompass: false }));
  map.addControl(new maplibre.AttributionControl({ customAttribution: view.attribution }));
  await map.once("load");
  const refresh = () => { explain(); map.getSource("drawn").setData(drawn()); };
  const set = (list) => { fields.points.value = list.map((at) => at.map((one) => one.toFixed(6)).join(",")).join(" "); refresh(); };
  map.on("click", async ({ point, lngLat }) => {
    const box = [[point.x - 10, point.y - 10], [point.x + 10, point.y + 10]];
    const hit = map.queryRenderedFeatures(point, { layers: ["streets"] })[0] ?? map.queryRenderedFeatures(box, { layers: ["streets", "compounds"] })[0];
    const needed = MOST[kind()];
    if (needed && (kind() === "join" || streets().length < needed)) {
      if (!hit) return;
      const answer = await fetch(`${view.street}?key=${hit.properties.key / 4}`).catch(() => null);
      if (answer?.ok) choose(await answer.json());
    } else {
      const known = points(), at = [lngLat.lng, lngLat.lat];
      set(kind() === "gate" ? [at] : [...known, at]);
    }
  });
  for (const one of form.querySelectorAll('input[name="kind"]')) one.addEventListener("change", refresh);
  fields.points.addEventListener("input", refresh);
  const undo = document.getElementById("undo"), clear = document.getElementById("clear");
  undo.hidden = clear.hidden = false;
  undo.onclick = () => set(points().slice(0, -1));
  clear.onclick = () => { fields.streets.value = ""; chosen.replaceChildren(); set([]); };
  refresh();
  map.once("idle", () => { root.dataset.ready = "true"; });
  map.triggerRepaint();
  window.desk = { map };
}

explain();
main().catch((error) => {
  console.warn(error);
  const note = document.createElement("p");
  note.id = "no-map";
  note.textContent = view.words.noMap;
  root.replaceChildren(note);
  root.dataset.ready = "none";
});
