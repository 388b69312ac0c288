// What a thumb tells: a record with one tap, where the phone is, ten seconds to take it back.

import { $, data, say, toast, warn } from "./app.js";
import * as box from "./outbox.js";

let fix = null, watching = false;
/** Ask where the phone is: once, and it is never waited for. */
function watch() {
  if (watching || !navigator.geolocation) return;
  watching = true;
  navigator.geolocation.watchPosition(
    ({ coords, timestamp }) => { fix = { lon: coords.longitude, lat: coords.latitude, accuracy_m: Math.round(coords.accuracy), timestamp }; },
    () => {}, { enableHighAccuracy: true, maximumAge: 30_000 },
  );
}
const position = () => {
  if (!fix || Date.now() - fix.timestamp > 120_000) return {};
  const { lon, lat, accuracy_m } = fix;
  return { lon, lat, accuracy_m };
};

export async function record(kind, fields, options = {}) {
  watch();
  try {
    const made = await box.add(kind, { promoter: data.promoter, ...position(), ...fields }, options);
    navigator.storage?.persist?.();
    return made;
  } catch (error) {
    console.warn(error);
    warn(say("lost"));
    return null;
  }
}

/** Record with one tap, ten seconds to take it back; returns what was stored, null where it was not: whoever tapped stays and taps again. */
export async function tap(kind, fields, what, after, undone = after) {
  const made = await record(kind, fields, { hold: box.HOLD });
  if (!made) return null;
  navigator.vibrate?.(15);
  toast(say("saved", { what }), async () => {
    await box.undo(made);
    toast(say("undone"));
    undone?.();
  });
  after?.();
  return made;
}

export const where = (id) => (data.stops[id] ? { venue: id } : data.points[id] ? { triangle: id } : { street: id });
export const claim = (id) => (data.held[id] ? { generation: data.held[id].gen } : {});

export const on = (id, event, act) => $(id).addEventListener(event, act);
export const press = (id, act) => on(id, "click", (event) => {
  const what = event.target.closest("button")?.dataset.what;
  if (what) act(what);
});
