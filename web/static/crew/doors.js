// A street: one tap a door. It comes with the first tap, or before.

import { $, clone, data, dayOf, place, say } from "./app.js";
import * as box from "./outbox.js";
import { claim, on, press, record, tap, where } from "./taps.js";
import { go, heedWishes, here, workOn } from "./views.js";

const doorOf = (text) => text.trim().toUpperCase().replace(/[－–—#号室栋单元.\s]+/g, "-").replace(/^-+|-+$/g, "");
const isDoor = (door) => !door || /^[0-9A-Z]{1,8}(-[0-9A-Z]{1,8}){0,3}$/.test(door);

const afterDoor = (door) => door.replace(/\d+$/, (number) => String(Number(number) + 1).padStart(number.length, "0"));
function setDoor(door) {
  $("door").value = door;
  checkDoor();
}

/** One big button: the next door, or where none is written the venue of this street that this phone has not been at today. */
let ahead = "";
async function showOnward() {
  const door = doorOf($("door").value), street = here;
  const [now, ...told] = await Promise.all([box.trueNow(), box.all("waiting"), box.all("done")]);
  if (street !== here) return;
  const been = new Set(told.flat().filter((one) => ["visit", "contact"].includes(one.record.kind) && !one.back && dayOf(one.at) === dayOf(now)).map((one) => one.record.venue));
  ahead = door ? "" : Object.keys(data.stops).find((id) => data.stops[id].street === street && !been.has(id)) ?? "";
  const [what, label] = $("onward").children;
  what.textContent = say(door ? "nextDoor" : "nextVenue");
  label.textContent = door ? afterDoor(door) : data.stops[ahead]?.label ?? "";
  $("onward").hidden = !door && !ahead;
}

function checkDoor() {
  const door = doorOf($("door").value);
  const asked = (data.held[here]?.doors ?? []).includes(door) && door;
  const wrong = !isDoor(door);
  $("doorSays").textContent = asked ? say("dnc", { door }) : wrong ? say("badDoor") : "";
  $("outcomes").classList.toggle("shut", Boolean(asked) || wrong);
  for (const button of $("outcomes").children) button.disabled = Boolean(asked) || wrong;
  showOnward();
}

export function show(id) {
  const street = place(id);
  if (!street || !(data.held[id] ?? data.kept[id])) return go("today");
  workOn(id);
  $("streetLabel").textContent = street.label;
  $("streetUntil").textContent = street.until ? $("streets").querySelector(`[data-street="${CSS.escape(id)}"] [data-until]`)?.textContent ?? "" : "";
  setDoor("");
  $("doors").textContent = (street.doors ?? []).join(", ");
  $("doorsBox").hidden = !street.doors?.length;
  const stops = Object.entries(data.stops).filter(([, stop]) => stop.street === id);
  $("stops").replaceChildren(...stops.map(([venue, stop]) => {
    const made = clone("stop", { label: stop.label });
    made.href = "#venue=" + encodeURIComponent(venue);
    return made;
  }));
  $("stopsBox").hidden = !stops.length;
  const ask = street.point && data.points[street.point]?.ours ? street.point : id;
  $("ask").href = "#survey=" + encodeURIComponent(ask);
  $("worked").href = "#hours=" + encodeURIComponent(id);
  $("giveUpBox").hidden = !data.mayClaim || !data.held[id];
}

async function contact(what) {
  const door = doorOf($("door").value), street = here;
  const made = await tap("contact", { ...where(street), ...claim(street), what, ...(door && { door }) }, [say(what), door].filter(Boolean).join(" · "), null, () => {
    if (what === "do_not_contact" && data.held[street]) data.held[street].doors = data.held[street].doors.filter((one) => one !== door);
    if (here === street) setDoor(door); // it is to be told again
  });
  if (!made) return;
  await heedWishes();
  if (what === "signed_up") return go("signup");
  if (door) setDoor(afterDoor(door));
}

press("outcomes", contact);
on("door", "input", checkDoor);
on("onward", "click", () => (ahead ? go("venue", ahead) : setDoor(afterDoor(doorOf($("door").value)))));
on("giveUp", "click", async () => {
  const made = await record("withdrawal", { street: here, ...claim(here), why: "crew_gave_up" });
  if (made) go("today");
});
