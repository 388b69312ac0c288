// Moving on: what the card's verdict brings, wishes for streets, races won and lost, the page renewed. It comes when it is first needed.

import { $, data, place, refresh, say, toast } from "./app.js";
import * as box from "./outbox.js";
import { go, record, showToday } from "./views.js";

const key = (id) => id + "." + data.held[id].gen;
const leaving = (id) => (data.points[id] ? Object.keys(data.held).filter((one) => data.held[one].point === id) : [id]).filter((one) => data.held[one]);

/** The card says leave: said at once. Only the server ends claims and gives streets; a kept one is shown meanwhile. */
export async function movedOn(id) {
  const { done = {} } = await box.meta();
  const left = leaving(id);
  for (const one of left) done[key(one)] = Date.now();
  await box.remember("done", done);
  $("thanks").textContent = say("thanks", { label: place(id).label });
  offer(await nextStreet(left));
  go("moveon", id);
}

/** An answer was taken back: where it had decided, the streets are to be worked on again. */
export async function stay(id) {
  if ($("v-moveon").hidden) return;
  const { done = {} } = await box.meta();
  for (const one of leaving(id)) delete done[key(one)];
  await box.remember("done", done);
  go("survey", id);
}

/** The page was loaded anew where it had said to move on: say it again, or show the day where nothing is left to say. */
export async function resume(id) {
  if ($("thanks").textContent || $("moveSays").textContent) return;
  const { done = {} } = await box.meta();
  if (leaving(id).some((one) => done[key(one)])) return movedOn(id);
  location.replace("#today");
}

/** A team-mate's list, scanned: its order becomes this phone's. Claims are the crew's, so nothing changes hands. */
export async function takeOver(ids = "") {
  const order = ids.split(",").filter((id) => data.held[id]);
  if (order.length) await box.remember("order", order);
  history.replaceState(null, "", location.pathname);
  dispatchEvent(new Event("hashchange"));
  toast(say(order.length ? "taken" : "notOurs"));
}

async function nextStreet(but = []) {
  const [{ done = {} }, now] = await Promise.all([box.meta(), box.trueNow()]);
  const kept = Object.keys(data.kept).find((id) => !but.includes(id) && data.kept[id].kept > now);
  const still = [...$("streets").children].map((row) => row.dataset.street)
    .find((id) => !but.includes(id) && !done[key(id)]);
  return data.mayClaim && kept ? { id: kept, label: data.kept[kept].label }
    : still ? { id: still, label: data.held[still].label, held: true } : null;
}

function offer(next, text = "") {
  $("moveSays").textContent = text || (next ? "" : say("nothing"));
  const button = $("take");
  button.hidden = !next;
  if (!next) return;
  button.textContent = say(next.held ? "next" : "go", { label: next.label });
  button.onclick = () => (next.held ? go("street", next.id) : take(next.id, next.label));
}

const races = new Map();
export async function take(id, label) {
  const made = await record("claim", { street: id });
  if (!made) return;
  races.set(made.id, { id, label });
  go("moveon", id);
  offer(null, say("wish", { label }));
  const got = await box.flush();
  if (got?.error) offer(null, say(data.kept[id] ? "wait" : "waitFree", { label }));
}

/** Say what became of wishes, and where the crew goes next. */
export function answered({ answers, moved }) {
  for (const answer of answers) {
    const race = races.get(answer.id);
    if (!race) continue;
    races.delete(answer.id);
    if (answer.result !== "rejected") {
      offer({ id: race.id, label: race.label, held: true }, say("yours", { label: race.label, until: when(Date.parse(answer.until)) }));
    } else if (answer.holder === data.crew) {
      offer({ id: race.id, label: race.label, held: true }, say("yours", { label: race.label, until: when(Date.parse(answer.until)) }));
    } else {
      const text = answer.holder ? say("lostRace", { holder: answer.holder_name || answer.holder, label: race.label, until: when(Date.parse(answer.until)) })
        : say("r." + answer.reason);
      offer(answer.next ? { id: answer.next, label: answer.next_label } : null, text);
    }
  }
  const mine = moved.find((one) => one.crew === data.crew);
  if (mine?.to && !$("v-moveon").hidden && !races.size) offer({ id: mine.to, label: mine.label ?? place(mine.to)?.label ?? mine.to, held: Boolean(data.held[mine.to]) });
}

const when = (ms) => new Date(ms).toLocaleString(document.documentElement.lang,
  { month: "numeric", day: "numeric", weekday: "short", hour: "2-digit", minute: "2-digit", timeZone: data.zone });

/** Take in the page as the server renders it now: claims, progress, kept streets. One way of drawing, at the server. */
export async function renew() {
  const answer = await fetch("/crew/", { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok || !answer.headers.get("X-Fieldops")) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("data");
  if (!fresh) return;
  Object.assign(data, JSON.parse(fresh.textContent));
  $("day").replaceWith(document.adoptNode(page.getElementById("day")));
  if (!(await box.all("waiting")).length) await box.remember("done", {}); // the server has seen all: its list is the truth
  await showToday();
  await refresh();
}
