// The forms that are opened now and then: a venue, hours, a sign-up. They come when they are first needed.

import { $, data, dayOf, place, say, toast, warn } from "./app.js";
import * as box from "./outbox.js";
import { seal } from "./seal.js";
import { on, press, record, tap, where } from "./taps.js";
import { go, heedWishes, here, isWritten, last, takeText } from "./views.js";

function showVenue(id) {
  const stop = data.stops[id];
  if (!stop) return go("today");
  $("venueLabel").textContent = stop.label;
}

async function visit(what) {
  const dnc = what === "do_not_contact", venue = here, stop = data.stops[venue];
  const made = await tap(dnc ? "contact" : "visit", { venue, what }, say(what), null, () => { data.stops[venue] = stop; });
  if (!made || !dnc) return;
  await heedWishes();
  go("today");
}

const LONG_DAY = 16; // hours of one promoter: more are asked for again, and the server marks them
const hours = () => Number($("amount").value);
function step(by) {
  $("amount").value = Math.min(LONG_DAY, Math.max(0, hours() + by)).toFixed(1);
}

function showHours(id) {
  const select = $("hoursPlace");
  const rows = Object.entries({ ...data.held, ...data.stops });
  select.replaceChildren(...rows.map(([key, { label }]) => new Option(label, key, false, key === (id || last))));
}

/** The hours that this phone told of a promoter's day, by place: the last word of each. */
async function toldOf(day) {
  const told = {};
  const all = [...(await box.all("done")), ...(await box.all("waiting"))].sort((a, b) => a.seq - b.seq);
  for (const { record, answer } of all) {
    if (record.kind === "hours" && record.day === day && record.promoter === data.promoter && answer?.result !== "rejected") {
      told[record.venue ?? record.street] = record.hours;
    }
  }
  return told;
}

async function saveHours() {
  const id = $("hoursPlace").value;
  const day = dayOf(await box.trueNow());
  const told = await toldOf(day);
  if (!hours() && !told[id]) return warn(say("needHours"));
  const whole = Object.values({ ...told, [id]: hours() }).reduce((sum, one) => sum + one, 0);
  if (whole > LONG_DAY && !confirm(say("really", { n: whole }))) return;
  if (await tap("hours", { ...where(id), day, hours: hours() }, `${hours()} h · ${place(id).label}`)) go("today");
}

let opened = false; // whether this person was shown the whole text
function showSignUp() {
  $("another").hidden = !isWritten();
  if (!isWritten()) nextPerson();
  $("source").textContent = (data.held[last] ?? data.kept[last])?.label ?? document.querySelector(".brand").textContent; // else the crew
  $("signSays").textContent = "";
}

/** Whoever is signed up next has been shown nothing yet. */
function nextPerson() {
  $("person").reset();
  opened = false;
  for (const rest of $("consent").querySelectorAll("details")) rest.open = false;
}

const mobile = (text) => {
  const digits = text.normalize("NFKC").replace(/[\s\-()]/g, "").replace(/^(\+86|0086)/, "");
  return /^1[3-9][0-9]{9}$/.test(digits) || /^\+[0-9]{8,15}$/.test(digits) ? digits : "";
};

/** RULE 19: what is sent is the version of the text that stands there, and whether all of it was to be seen. */
const consent = () => ({ version: $("consent").dataset.version, shown: opened || !$("consent").querySelector("details") ? "whole" : "short" });

async function signUp(form) {
  const { name, tel, group } = Object.fromEntries(new FormData(form));
  const [wrong, field] = !mobile(tel) ? ["badPhone", "tel"] : !name.trim() ? ["noName", "personName"]
    : !globalThis.crypto?.subtle ? ["insecure"] : [];
  $("signSays").textContent = wrong ? say(wrong) : "";
  if (wrong) return field && $(field).focus();
  const id = box.newId();
  const button = $("agreed");
  button.disabled = true; // until it is stored: sealing takes its time on an old phone
  try {
    await store(form, id, { name: name.trim(), phone: mobile(tel), group, language: document.documentElement.lang });
  } finally {
    button.disabled = false;
  }
}

async function store(form, id, person) {
  const { version, shown } = consent();
  const sealed = await seal({ ...person, shown }, data.publicKey, id);
  const source = last && (data.held[last] || data.kept[last]) ? where(last) : {};
  const made = await record("sign_up", { ...source, about: version, key: data.key, sealed }, { id });
  if (!made) return;
  form.reset();
  toast(say("sealed"));
  go("today");
}

function showIncident(id) {
  const rows = Object.entries(data.held).map(([key, { label }]) => new Option(label, key, false, key === (id || last)));
  $("incidentPlace").replaceChildren(new Option(say("noPlace"), ""), ...rows);
}

async function incident(what) {
  const street = $("incidentPlace").value;
  if (await tap("incident", { ...(street && { street }), what }, say(what))) go("today");
}

export function show(id, view) {
  ({ venue: showVenue, hours: showHours, signup: showSignUp, incident: showIncident })[view](id);
}

press("incidents", incident);

press("visits", visit);
on("less", "click", () => step(-0.5));
on("more", "click", () => step(0.5));
on("saveHours", "click", saveHours);
on("tel", "input", ({ target, inputType }) => { // as the label says: a whole number leads on to the name
  const whole = /^1[3-9]\d{9}$/.test(mobile(target.value)) && !inputType?.startsWith("delete");
  if (whole && !$("personName").value) $("personName").focus();
});
on("another", "click", () => {
  $("person").reset();
  takeText();
  showSignUp();
  $("tel").focus();
});
on("agreed", "click", () => signUp($("person")));
/** Enter leads on: only the button says that it was read out and agreed to. In the midst of pinyin it is the keyboard's own: Safari says so by 229 alone. */
on("person", "keydown", (event) => {
  if (event.key !== "Enter" || event.isComposing || event.keyCode === 229 || !event.target.matches("input")) return;
  event.preventDefault();
  $(event.target.id === "tel" ? "personName" : "group").focus();
});
$("person").addEventListener("toggle", ({ target }) => { opened ||= target.open; }, true);
