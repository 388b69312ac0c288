// The page of the day: what to do next, doors, the card, venues, hours, sign-ups, moving on.

import { $, clone, data, dayOf, place, ready, refresh, say, toast, warn } from "./app.js";
import { cornerOf, judge } from "./card.js";
import * as box from "./outbox.js";

const VIEWS = ["today", "street", "survey", "venue", "hours", "signup", "moveon", "outbox", "incident"];
const FORMS = ["venue", "hours", "signup", "incident"];
export let here = ""; // the street, point or venue of the view
export let last = sessionStorage.getItem("street") ?? ""; // the street worked on last: the source of sign-ups

// ── where the phone is: asked for once, never waited for ────────────────────────────────────────────────────────────

let fix = null, watching = false;
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
const claim = (id) => (data.held[id] ? { generation: data.held[id].gen } : {});

// ── today ───────────────────────────────────────────────────────────────────────────────────────────────────────────

export async function showToday() {
  const [now, { order, done }] = await Promise.all([box.trueNow(), box.meta()]);
  const list = $("streets");
  if (order?.day === dayOf(now)) for (const id of [...order.ids].reverse()) { // of this day's walk only; what came since stands after it
    const row = list.querySelector(`[data-street="${CSS.escape(id)}"]`);
    if (row) list.prepend(row);
  }
  let next = null;
  for (const row of list.children) {
    const { until } = data.held[row.dataset.street];
    const over = until <= now, finished = Boolean(done?.[row.dataset.street + "." + data.held[row.dataset.street].gen]);
    const left = until - now;
    row.querySelector("[data-left]").textContent = over ? say("over")
      : left < 172_800_000 ? say("hour", { n: Math.floor(left / 3_600_000) }) : say("day", { n: Math.floor(left / 86_400_000) });
    row.classList.toggle("soon", left < 86_400_000);
    row.classList.toggle("done", over || finished);
    if (!over && !finished) next ??= row;
  }
  const big = $("next");
  big.hidden = !next;
  if (next) {
    big.href = "#street=" + encodeURIComponent(next.dataset.street);
    big.querySelector("[data-is=label]").textContent = place(next.dataset.street).label;
  }
}

// ── a street: one tap a door ────────────────────────────────────────────────────────────────────────────────────────

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

/** Whoever asked for it is contacted no more, also before the server has heard of it: what waits here counts as what it told. */
export async function heedWishes() {
  for (const { record: { what, street, venue, door } } of await box.all("waiting")) {
    if (what !== "do_not_contact") continue;
    const doors = data.held[street]?.doors;
    if (door && doors && !doors.includes(door)) doors.push(door);
    delete data.stops[venue];
  }
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

function showStreet(id) {
  const street = place(id);
  if (!street || !(data.held[id] ?? data.kept[id])) return go("today");
  last = id;
  sessionStorage.setItem("street", id);
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

// ── the card ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The surveys of the sitting at a place: the server's, and those of this phone that it has not counted yet. */
async function sitting(id) {
  const now = await box.trueNow(), length = data.rules.sitting;
  const open = data.sittings.filter((one) => one.place === id && now - one.opened < length).pop();
  const seen = new Map((open?.asked ?? []).map(([name, at, who, corner, knows, phase]) =>
    [name, { id: name, at, who, corner, answer: knows ? "knows" : "does_not_know", phase }]));
  const [waiting, done, { phone }] = await Promise.all([box.all("waiting"), box.all("done"), box.meta()]);
  for (const { record, answer } of [...waiting, ...done]) {
    if (record.kind !== "survey" || (record.triangle ?? record.street) !== id || answer?.result === "rejected") continue;
    const at = Date.parse(record.device_time) + (record.offset_s ?? phone.offset ?? 0) * 1000;
    seen.set(record.id, { id: record.id, at, who: record.promoter, corner: record.cluster ?? "", answer: record.what, phase: record.phase });
  }
  const asked = [...seen.values()].filter((one) => now - one.at < length).sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
  const opened = open?.opened ?? asked[0]?.at ?? now;
  return { asked: asked.filter((one) => one.at - opened <= length), rule: open?.rule ?? data.rules.rule, now };
}

const verdictOn = async (id) => {
  const { asked, rule } = await sitting(id);
  return judge(asked, data.cards[rule], data.rules).verdict;
};
const small = (id) => data.held[id] && data.held[id].people < data.rules.small;

/** Open the card: where a test goes on, it goes on as this promoter asked last. */
async function openSurvey(id) {
  const { asked } = await sitting(id);
  const mine = asked.filter(({ who }) => who === data.promoter); // whether a team-mate pitched is for the team-mate to say
  $("corner").elements.phase.value = mine.filter(({ phase }) => ["before", "after"].includes(phase)).pop()?.phase ?? "before";
  return showSurvey(id);
}

async function showSurvey(id) {
  const spot = place(id);
  if (!spot) return go("today");
  $("surveyLabel").textContent = spot.label;
  const { asked, rule, now } = await sitting(id);
  const card = judge(asked, data.cards[rule], data.rules);
  const corner = $("corner").elements.corner.value;
  const crowd = asked.filter((one) => one.who === data.promoter && cornerOf(one.corner) === cornerOf(corner) && one.answer !== "refused"
    && now - one.at < data.rules.window).length >= data.rules.crowd;
  $("askedCount").textContent = say("asked", { n: card.asked });
  $("cardSays").textContent = small(id) ? say("small") : card.verdict === "push_on" ? say("pushOn")
    : card.verdict === "move_on" ? say("thanks", { label: spot.label })
    : crowd ? say("crowd") : card.alone ? say("another") : say("askMore", { n: card.ask });
  const homes = data.homes[data.points[id] ? id : spot.point] ?? [];
  $("homeBox").hidden = !homes.length;
  $("home").replaceChildren(new Option(say("notAsked"), ""), ...homes.map(([home, label]) => new Option(label, home)));
  $("v-survey").classList.toggle("crowded", crowd && card.verdict === "ask_more");
  return card.verdict;
}

async function survey(what) {
  const id = here;
  const { corner, phase } = Object.fromEntries(new FormData($("corner")));
  sessionStorage.setItem("corner", corner);
  const home = $("home").value; // of this person only: the next one is asked again
  let verdict = "";
  await tap("survey", { ...where(id), ...claim(id), what, cluster: corner, phase, ...(home && { home_street: home }) }, say(what), null, async () => {
    const now = await verdictOn(id);
    if (here === id) await showSurvey(id);
    if (verdict === "move_on" && now !== verdict) await (await moving()).stay(id);
    await showToday();
  });
  verdict = await showSurvey(id);
  if (verdict === "move_on" && !small(id)) await (await moving()).movedOn(id);
}

// ── moving on ───────────────────────────────────────────────────────────────────────────────────────────────────────

const moving = () => import("./moving.js");

async function answered({ answers, moved }) {
  const wishes = answers.filter(({ record }) => record.kind === "claim");
  if (wishes.length || moved.length) (await moving()).answered(wishes, moved);
  if (answers.some(({ answer }) => answer.again)) toast(say("again"));
  const old = (await box.trueNow()) - data.now > 60_000 || !Object.keys(data.kept).length;
  if (moved.length || answers.length || old) await renew();
}

let taken = 0; // when what is shown was taken in
/** The server has said something as of `now`: a page that was asked for before, and is older, is not taken in any more. */
export function isTold(now) {
  data.now = now;
  taken = performance.now();
}

/** Somebody is being signed up: the form has a number or a name. */
export const isWritten = () => Boolean($("tel").value || $("personName").value);

let text = null; // what comes for the next person
/** RULE 19: a text and its version change together, and not for whom the one before was read out. */
export function takeText() {
  if (!text || isWritten()) return;
  $("consent").replaceWith(document.adoptNode(text));
  text = null;
}

/** Take in the page as the server renders it now: claims, progress, kept streets. One way of drawing, at the server. */
export async function renew() {
  const asked = performance.now();
  const answer = await fetch("/crew/", { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok || !answer.headers.get("X-Fieldops")) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("data");
  const now = fresh && JSON.parse(fresh.textContent);
  if (!now || (asked < taken && now.now < data.now)) return;
  const before = worked();
  Object.assign(data, now, { words: { ...data.words, ...now.words } }); // of a newer version, that says some things otherwise
  isTold(now.now);
  $("day").replaceWith(document.adoptNode(page.getElementById("day")));
  text = page.getElementById("consent");
  if ($("v-signup").hidden) takeText(); // not under whoever is reading it out
  await heedWishes();
  if (!(await box.all("waiting")).length) await box.remember("done", {}); // the server has seen all: its list is the truth
  await showToday();
  await refresh();
  if (before.length && !worked().length) tellGone(before[0]);
}

/** The crew's streets that the open view is about. */
const worked = () => ($("v-street").hidden && $("v-survey").hidden ? []
  : Object.keys(data.held).filter((id) => id === here || data.held[id].point === here));

/** RULE 10: whoever works on a street that moved on, or ended otherwise, is told at once, and where the crew goes next. */
function tellGone(id) {
  const note = document.querySelector(`#day [data-ended="${CSS.escape(id)}"]`)?.textContent.trim() ?? "";
  const next = $("next").hidden ? "" : say("next", { label: $("next").querySelector("[data-is=label]").textContent });
  warn(`${note} ${next}`);
  $("streetUntil").textContent = "";
  $("giveUpBox").hidden = true;
}

// ── the address says which view ─────────────────────────────────────────────────────────────────────────────────────

export function go(view, id = "") {
  const hash = "#" + view + (id ? "=" + encodeURIComponent(id) : "");
  if (location.hash === hash) show();
  else location.hash = hash;
}

/** A part of the address as it was meant; nothing where it is no text at all. */
function plain(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}

async function show() {
  const [asked, id] = location.hash.slice(1).split("=").map(plain);
  if (asked === "take") return (await moving()).takeOver(id);
  const view = VIEWS.includes(asked) ? asked : "today", meant = location.hash;
  // First: no tap may come before it is heard.
  const forms = FORMS.includes(view) ? await import("./forms.js").catch(() => null) : undefined;
  if (location.hash !== meant) return;
  if (forms === null) return warn(say("e.offline"));
  here = id ?? "";
  if ($("v-signup").hidden) takeText();
  for (const one of VIEWS) $("v-" + one).hidden = one !== view;
  for (const link of document.querySelectorAll("nav.bottom a")) {
    if (link.hash.slice(1).split("=")[0] === view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  for (const one of document.querySelectorAll(".maps")) one.open = false;
  $("content").scrollTo(0, 0);
  if (view === "today") await showToday();
  if (view === "street") showStreet(id);
  if (view === "survey") await openSurvey(id || defaultPoint());
  if (forms) forms.show(view, id);
  if (view === "outbox") await refresh();
  if (view === "moveon") await (await moving()).resume(id);
  const section = $("v-" + view);
  (section.querySelector("[data-first]") ?? section.querySelector("h1"))?.focus({ preventScroll: true });
}

/** Where to ask if nothing was chosen: the point that is this crew's to ask at, else the street worked on last. */
function defaultPoint() {
  const point = data.held[last]?.point;
  here = data.points[point]?.ours ? point : Object.keys(data.points).find((id) => data.points[id].ours)
    ?? (data.held[last] ? last : Object.keys(data.held)[0] ?? "");
  return here;
}

// ── taps ────────────────────────────────────────────────────────────────────────────────────────────────────────────

export const on = (id, event, act) => $(id).addEventListener(event, act);
export const press = (id, act) => on(id, "click", (event) => {
  const what = event.target.closest("button")?.dataset.what;
  if (what) act(what);
});

function wire() {
  press("outcomes", contact);
  press("answers", survey);
  on("door", "input", checkDoor);
  on("onward", "click", () => (ahead ? go("venue", ahead) : setDoor(afterDoor(doorOf($("door").value)))));
  on("corner", "change", () => showSurvey(here));
  on("giveUp", "click", async () => {
    const made = await record("withdrawal", { street: here, ...claim(here), why: "crew_gave_up" });
    if (made) go("today");
  });
  $("day").parentElement.addEventListener("click", (event) => {
    const button = event.target.closest("[data-take]");
    if (button) moving().then(({ take }) => take(button.dataset.take, button.dataset.label));
    if (event.target.closest("#near")) import("./near.js").then((near) => near.showNear());
  });
  addEventListener("hashchange", () => {
    if (!$("warning").dataset.stays) $("warning").hidden = true; // it was read: whoever opens another view goes on
    show();
  });
  document.addEventListener("toggle", async ({ target }) => {
    if (target.open && target.matches(".maps") && place(here)?.at) (await import("./maps.js")).fill(target, place(here));
  }, true);
  const corner = sessionStorage.getItem("corner");
  if (corner) $("corner").elements.corner.value = corner;
}

// Not awaited here: forms.js imports this module and would wait for it while it waits for forms.js.
async function begin() {
  box.onAnswers(answered);
  wire();
  await ready;
  await heedWishes();
  await show();
  document.documentElement.dataset.ready = "true";
}

begin();
