// Every page of the phone: the outbox and its badge, the worker, what the browser can do, the outbox page.

import * as box from "./outbox.js";

export const $ = (id) => document.getElementById(id);
export const data = JSON.parse($("data")?.textContent ?? '{"words":{}}');
export const say = (code, facts = {}) =>
  (data.words[code] ?? code).replace(/\{(\w+)\}/g, (_, name) => facts[name] ?? "");

export function clone(name, fill = {}) {
  const made = $(name).content.firstElementChild.cloneNode(true);
  for (const [key, text] of Object.entries(fill)) made.querySelector(`[data-is=${key}]`).textContent = text;
  return made;
}

// ── one tap is one record ───────────────────────────────────────────────────────────────────────────────────────────

const SAME_TAP = 700; // ms: a glove taps twice within them, but nobody asks two passers-by
let tapped = {};
/** A second tap on the same button, or on what has come to lie under the same finger, does nothing; `data-often` is free. */
addEventListener("click", (event) => {
  const control = event.target.closest("button, a");
  if (!control || !event.isTrusted || "often" in control.dataset) return; // what a script clicks is no tap
  const { timeStamp: at, clientX: x, clientY: y, detail } = event; // detail 0: a key, which has no place
  const same = control === tapped.control || (detail && Math.hypot(x - tapped.x, y - tapped.y) < 24);
  if (same && at - tapped.at < SAME_TAP) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }
  tapped = { control, at, x, y };
}, true);

// ── the badge: how much waits, how old, and why ─────────────────────────────────────────────────────────────────────

let drawing = null, stale = false;
/** Bring the badge up to date; however often it is asked for meanwhile, it is drawn once more and not each time. */
export function refresh() {
  stale = true;
  drawing ??= (async () => {
    for (; stale; await draw()) stale = false;
  })().finally(() => { drawing = null; });
  return drawing;
}

async function draw() {
  const waiting = (await box.all("waiting")).sort((a, b) => a.seq - b.seq);
  const badge = $("badge");
  const oldest = waiting.length ? Date.now() - waiting[0].at : 0;
  const ended = (await box.meta()).error?.code === 401;
  $("ended").hidden = !ended;
  badge.textContent = (ended ? say("ended") + " · " : "") + (waiting.length ? say("waiting", { n: waiting.length }) : say("online"))
    + (oldest > 7_200_000 ? " · " + say("hoursAge", { n: Math.round(oldest / 3_600_000) }) : "");
  badge.classList.toggle("full", ended || waiting.length > 0);
  badge.classList.toggle("old", oldest > 7_200_000);
  if ($("v-outbox")?.hidden === false) await (await import("./list.js")).showOutbox(waiting, oldest);
  for (const one of document.querySelectorAll("[data-sign-out]")) {
    one.disabled = waiting.length > 0;
    one.title = waiting.length ? say("signOutFirst") : "";
  }
  if ($("pending")) {
    const refused = (await box.all("done")).filter((one) => one.answer.result === "rejected");
    $("pending").textContent = waiting.length;
    $("rejected").textContent = refused.length;
  }
}

/** The city's day at a moment, from the midnights that the page brought: the browser's calendar takes a fifth of a second to wake on an old phone. */
export function dayOf(ms) {
  const { first, midnights } = data.days;
  const after = midnights.findIndex((at) => ms < at);
  if (after < 1) return new Intl.DateTimeFormat("en-CA", { timeZone: data.zone }).format(ms);
  return new Date(Date.parse(first) + (after - 1) * 86_400_000).toISOString().slice(0, 10);
}
export const place = (id) => data.held?.[id] ?? data.kept?.[id] ?? data.stops?.[id]
  ?? (data.points?.[id] && { ...data.points[id], label: say("point", data.points[id]) });
export function toast(text, action) {
  const made = clone("toast", { text });
  const button = made.querySelector("button");
  button.hidden = !action;
  const gone = () => made.remove();
  button.onclick = () => {
    gone();
    action();
  };
  $("toasts").replaceChildren(made);
  setTimeout(gone, box.HOLD);
}

/** Say what must not be missed, until another view is opened, or for as long as the page is open. */
export function warn(text, stays = "") {
  $("warning").textContent = text;
  $("warning").dataset.stays = stays;
  $("warning").hidden = false;
}

/** At once; it goes on where nothing waits. */
async function signOut(event) {
  if (!event.target.matches("[data-leave]")) return;
  event.preventDefault();
  const { leave } = await import("./leave.js").catch(() => ({}));
  const tell = (why) => warn(say(why));
  if (leave) await leave(event.target, tell);
  else tell("signOutLater");
}

// ── when to send ────────────────────────────────────────────────────────────────────────────────────────────────────

const QUIET = 300_000; // ms after which a phone that somebody looks at asks what is new
let pause = 15_000;
async function beat() {
  const { sentAt = 0 } = await box.meta();
  const quiet = !document.hidden && Math.abs(Date.now() - sentAt) > QUIET; // also where the clock was set back
  const got = quiet || (await box.all("waiting")).length ? await box.flush(quiet) : null;
  pause = got?.error ? Math.min(pause * 2, 300_000) : 15_000;
  if (got?.error) refresh();
  setTimeout(beat, pause);
}

// ── what can wait until the first view is there ─────────────────────────────────────────────────────────────────────

const LATER = ["doors", "ask", "moving", "forms", "list", "maps", "near", "leave"]; // what the page of the day imports when it is asked for
/** Go on when the browser has nothing to do. */
const idle = () => new Promise((done) => (globalThis.requestIdleCallback ? requestIdleCallback(done, { timeout: 2_000 }) : setTimeout(done, 50)));

/** One thing at a time. In the end every script is here: the page that is open goes on without network also where no worker keeps them. */
async function goOn() {
  addEventListener("online", () => box.flush(true));
  document.addEventListener("visibilitychange", () => document.hidden || box.flush(true)); // taken out of the pocket: what is new?
  setTimeout(beat, pause);
  await idle();
  box.flush(true);
  await idle();
  worker();
  for (const name of $("v-today") ? LATER : []) {
    await idle();
    await import(`./${name}.js`).catch(() => {});
  }
}

async function worker() {
  const state = $("able");
  const registered = await navigator.serviceWorker?.register("/crew/worker.js", { scope: "/crew/" }).catch(() => null);
  const kept = await navigator.storage?.persisted?.();
  if (state) state.textContent = say(!registered ? "onlineOnly" : kept ? "persisted" : "offlineOk");
  if (!registered) return;
  const offer = () => {
    if (!registered.waiting || !navigator.serviceWorker.controller) return;
    const button = $("update");
    button.hidden = false;
    button.onclick = () => registered.waiting?.postMessage("take over");
  };
  offer();
  registered.addEventListener("updatefound", () => registered.installing?.addEventListener("statechange", offer));
  let ours = Boolean(navigator.serviceWorker.controller);
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (ours) location.reload();
    ours = true;
  });
}

async function start() {
  const lost = await box.checkStorage(data);
  if (lost !== null) warn(say(lost ? "gone" : "wiped", { n: lost }), "open");
  box.onChange(refresh);
  await refresh();
  setTimeout(goOn); // after whatever waits for `ready`
}

document.addEventListener("submit", signOut);
/** Settled once the storage is looked at and the badge is right. */
export const ready = start().catch((error) => warn(say("onlineOnly") + " (" + (error?.name ?? error) + ")"));
