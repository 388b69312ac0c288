// Moving on: what the card's verdict brings, wishes for streets, races won and lost. It comes when it is first needed.

import { $, data, dayOf, place, say, toast } from "./app.js";
import * as box from "./outbox.js";
import { record } from "./taps.js";
import { when, whyNot } from "./told.js";
import { go, isTold, renew } from "./views.js";

let saying = ""; // the place that the view speaks of
let wish = ""; // the record whose answer the view waits for

const key = (id) => id + "." + data.held[id].gen;
const leaving = (id) => (data.points[id] ? Object.keys(data.held).filter((one) => data.held[one].point === id) : [id]).filter((one) => data.held[one]);

/** The card says leave: said at once. Only the server ends claims and gives streets; a kept one is shown meanwhile. */
export async function movedOn(id) {
  const { done = {} } = await box.meta();
  const left = leaving(id);
  for (const one of left) done[key(one)] = Date.now();
  await box.remember("done", done);
  speakOf(id, say("thanks", { label: place(id).label }));
  offer(await nextStreet(left));
  go("moveon", id);
}

function speakOf(id, title) {
  [saying, wish] = [id, ""];
  $("thanks").textContent = title;
}

/** An answer was taken back, and no longer decides: the streets are to be worked on again. */
export async function stay(id) {
  const { done = {} } = await box.meta();
  for (const one of leaving(id)) delete done[key(one)];
  await box.remember("done", done);
  if (saying !== id) return;
  saying = "";
  if (!$("v-moveon").hidden) go("survey", id);
}

/** The view was opened at an address: say again what is to be said of the place, or show the day where nothing is. */
export async function show(id) {
  if (id && saying === id) return;
  const [{ done = {} }, now, waiting, answered] = await Promise.all([box.meta(), box.trueNow(), box.all("waiting"), box.all("done")]);
  const wished = [...answered, ...waiting].filter(({ record: { kind, street } }) => kind === "claim" && street === id)
    .sort((a, b) => a.seq - b.seq).pop();
  if (wished && (!wished.answer || Date.parse(wished.answer.until) > now)) {
    speakOf(id, say("claim"));
    if (wished.answer) tell(wished);
    else hope(wished);
  } else if (leaving(id).some((one) => done[key(one)])) await movedOn(id);
  else location.replace("#today");
}

/** A team-mate's list, scanned: its order becomes this phone's for the day. Claims are the crew's, so nothing changes hands. */
export async function takeOver(ids = "") {
  const order = ids.split(",").filter((id) => data.held[id]);
  if (order.length) await box.remember("order", { day: dayOf(await box.trueNow()), ids: order });
  history.replaceState(null, "", location.pathname);
  dispatchEvent(new Event("hashchange"));
  toast(say(order.length ? "taken" : "notOurs"));
}

async function nextStreet(but = []) {
  const [{ done = {} }, now] = await Promise.all([box.meta(), box.trueNow()]);
  const kept = Object.keys(data.kept).find((id) => !but.includes(id) && data.kept[id].kept > now);
  const still = [...$("streets").children].map((row) => row.dataset.street)
    .find((id) => !but.includes(id) && !done[key(id)] && data.held[id].until > now);
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

/** Wish for a street: what the server answers is told here, by whichever tab it came, and after a reload too. */
export async function take(id, label) {
  const made = await record("claim", { street: id }, { label });
  if (!made) return;
  speakOf(id, $("v-moveon").hidden ? say("claim") : $("thanks").textContent);
  hope(made, say("wish", { label }));
  go("moveon", id);
  const got = await box.flush(false, true);
  if (got?.error && wish === made.id) hope(made);
}

function hope({ id, record: { street }, label }, text = say(data.kept[street] ? "wait" : "waitFree", { label })) {
  wish = id;
  offer(data.kept[street] && { id: street, label, held: true }, text); // it is kept for this crew: one may go there meanwhile
}

box.onChange(async (elsewhere) => {
  const told = wish && (await box.all("done")).find((one) => one.id === wish);
  if (!told || wish !== told.id) return;
  tell(told);
  if (elsewhere) await renew(); // the tab that sent renews itself
});

/** Say what became of a wish, and where the crew goes next. */
function tell({ id, record: { street }, label, answer }) {
  if (id === wish) wish = "";
  const ours = answer.result !== "rejected" || answer.holder === data.crew;
  takeIn(street, label, answer);
  const text = ours ? say("yours", { label, until: when(Date.parse(answer.until)) }) : whyNot(answer, label);
  offer(ours ? { id: street, label, held: true } : answer.next ? { id: answer.next, label: answer.next_label } : null, text);
  if ($("v-moveon").hidden) toast(text);
}

/** A street that was won can be worked on before the page that tells of it is here. */
function takeIn(street, label, { generation: gen, until, from }) {
  if (!gen || Date.parse(from) < data.now) return; // the page knows what became of it
  data.held[street] ??= { ...data.kept[street], label, gen, until: Date.parse(until), doors: [] };
  isTold(Date.parse(from));
}

export function answered(wishes, moved) {
  wishes.forEach(tell);
  const mine = moved.find((one) => one.crew === data.crew);
  if (mine?.to && !$("v-moveon").hidden && !wish && !wishes.length) {
    offer({ id: mine.to, label: mine.label, held: Boolean(data.held[mine.to]) });
  }
}
