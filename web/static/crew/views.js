// The page of the day: what to do next, and which view is open. What only other views need comes with them, or before.

import { $, data, dayOf, place, ready, refresh, say, toast, warn } from "./app.js";
import * as box from "./outbox.js";

const ROOMS = { // by view, what shows it
  today: "", street: "doors", survey: "ask", venue: "forms", hours: "forms", signup: "forms", incident: "forms", moveon: "moving", outbox: "list",
};
const VIEWS = Object.keys(ROOMS);
export let here = ""; // the street, point or venue of the view
export let last = sessionStorage.getItem("street") ?? ""; // the street worked on last: the source of sign-ups

// ── today ───────────────────────────────────────────────────────────────────────────────────────────────────────────

export async function showToday() {
  const [now, { order, done }] = await Promise.all([box.trueNow(), box.meta()]);
  const list = $("streets");
  if (order && order.day === dayOf(now)) for (const id of [...order.ids].reverse()) { // of this day's walk only; what came since stands after it
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

// ── whom nobody contacts ────────────────────────────────────────────────────────────────────────────────────────────

/** Whoever asked for it is contacted no more, also before the server has heard of it: what waits here counts as what it told. */
export async function heedWishes() {
  for (const { record: { what, street, venue, door } } of await box.all("waiting")) {
    if (what !== "do_not_contact") continue;
    const doors = data.held[street]?.doors;
    if (door && doors && !doors.includes(door)) doors.push(door);
    delete data.stops[venue];
  }
}

// ── moving on ───────────────────────────────────────────────────────────────────────────────────────────────────────

export const moving = () => import("./moving.js");

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
  await box.breath();
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
  const room = ROOMS[view] && await import(`./${ROOMS[view]}.js`).catch(() => null);
  if (location.hash !== meant) return;
  if (room === null) return warn(say("e.offline"));
  here = id || (view === "survey" ? defaultPoint() : "");
  if ($("v-signup").hidden) takeText();
  for (const one of VIEWS) $("v-" + one).hidden = one !== view;
  for (const link of document.querySelectorAll("nav.bottom a")) {
    if (link.hash.slice(1).split("=")[0] === view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  for (const one of document.querySelectorAll(".maps")) one.open = false;
  $("content").scrollTo(0, 0);
  await (room ? room.show(here, view) : showToday());
  const section = $("v-" + view);
  (section.querySelector("[data-first]") ?? section.querySelector("h1"))?.focus({ preventScroll: true });
}

/** Where to ask if nothing was chosen: the point that is this crew's to ask at, else the street worked on last. */
function defaultPoint() {
  const point = data.held[last]?.point;
  return data.points[point]?.ours ? point : Object.keys(data.points).find((id) => data.points[id].ours)
    ?? (data.held[last] ? last : Object.keys(data.held)[0] ?? "");
}

/** The street that is worked on: sign-ups and hours are of it where nobody says otherwise. */
export function workOn(id) {
  last = id;
  sessionStorage.setItem("street", id);
}

function wire() {
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
}

// Not awaited here: what shows a view imports this module, and would wait for it while it waits for that.
async function begin() {
  box.onAnswers(answered);
  await ready;
  wire();
  await heedWishes();
  await show();
  document.documentElement.dataset.ready = "true";
}

begin();
