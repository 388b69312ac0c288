// The outbox: what was recorded waits here, in IndexedDB, until the server has answered for it by its id.
// Written is stored (durability: strict); deleted is only what an answer names; two tabs send once (a lock).

const BATCH = 50;
export const HOLD = 10_000; // ms in which a tap can be undone: nothing is sent before
const KEEP = 7 * 86_400_000; // ms for which what was sent can be looked at
const PATIENCE = 20_000; // ms for an answer
const LONGEST_WAIT = 900_000; // ms that a server may ask for before it is tried again

/** Go on once the browser has drawn and heard what waits for it. */
export const breath = () => globalThis.scheduler?.yield?.() ?? new Promise((done) => setTimeout(done));

const opening = breath().then(() => new Promise((done, fail) => {
  const asked = indexedDB.open("fieldops", 1);
  asked.onupgradeneeded = () => {
    asked.result.createObjectStore("waiting", { keyPath: "id" });
    asked.result.createObjectStore("done", { keyPath: "id" });
    asked.result.createObjectStore("meta");
  };
  asked.onsuccess = () => done(asked.result);
  asked.onerror = () => fail(asked.error);
}));
const listeners = [];
let told = null; // the other tabs

/** Be told of every change; with `true` where another tab made it. */
export function onChange(listen) {
  listeners.push(listen);
  if (told || !globalThis.BroadcastChannel) return;
  told = new BroadcastChannel("fieldops-outbox");
  told.onmessage = () => listeners.forEach((one) => one(true));
}

export async function changed() {
  const base = await opening;
  const [{ phone }, count] = await Promise.all([meta(), result(base.transaction("waiting").objectStore("waiting").count())]);
  // A cookie outlives the storage that browsers clear: it knows what was lost.
  if (phone) document.cookie = `phone=${phone.device}.${count}; path=/crew; max-age=7776000; samesite=lax`;
  listeners.forEach((listen) => listen());
  told?.postMessage(0);
}

const result = (asked) => new Promise((done, fail) => {
  asked.onsuccess = () => done(asked.result);
  asked.onerror = () => fail(asked.error);
});

/** Do something with the stores in one transaction; resolves once it is on the disk. */
export async function work(names, act) {
  const base = await opening;
  const turn = base.transaction(names, "readwrite", { durability: "strict" });
  const stored = new Promise((done, fail) => {
    turn.oncomplete = done;
    turn.onabort = turn.onerror = () => fail(turn.error);
  });
  const [value] = await Promise.all([act(...names.map((name) => turn.objectStore(name))), stored]);
  return value;
}

export async function all(name) {
  const base = await opening;
  return result(base.transaction(name).objectStore(name).getAll());
}

export async function meta() {
  const base = await opening;
  const store = base.transaction("meta").objectStore("meta");
  const [keys, values] = await Promise.all([result(store.getAllKeys()), result(store.getAll())]);
  return Object.fromEntries(keys.map((key, i) => [key, values[i]]));
}

export const remember = (key, value) => work(["meta"], (store) => store.put(value, key));

export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Say what the browser lost since the last time: how many records, or null where nothing is missing. A new phone takes its
 * clock's offset from the page, which is an answer of the server too.
 */
export async function checkStorage({ now, server }) {
  const { phone } = await meta();
  const before = /(?:^|; )phone=(\w+)\.(\d+)/.exec(document.cookie);
  if (!phone) await remember("phone", { device: newId(), seq: 0, offset: now ? (now - Date.now()) / 1000 : null, answered: server ?? null });
  return !phone && before ? Number(before[2]) : null;
}

/** Record something; `fields` is what it says, `label` what the phone alone calls it. It may be undone for `hold` ms, and is sent after. */
export async function add(kind, fields, { hold = 0, id = newId(), label = "" } = {}) {
  const now = Date.now();
  const entry = await work(["meta", "waiting"], async (store, waiting) => {
    const phone = await result(store.get("phone"));
    phone.seq += 1;
    const record = {
      id, seq: phone.seq, kind, device: phone.device, device_time: new Date(now).toISOString(),
      offset_s: phone.offset, answered_at: phone.answered, ...fields,
    };
    const made = { id, seq: phone.seq, at: now, ready: now + hold, label, record };
    store.put(phone, "phone");
    waiting.add(made);
    return made;
  });
  await changed();
  plan(hold);
  return entry;
}

let planned = null;
/** Send in `wait` ms, unless it is planned sooner. */
function plan(wait) {
  const at = Date.now() + wait + 50;
  if (planned && planned.at <= at) return;
  clearTimeout(planned?.timer);
  planned = { at, timer: setTimeout(() => { planned = null; flush(); }, wait + 50) };
}

/** Take a record back: one that was not sent is dropped, and the undo says so; the others are undone by the server. */
export async function undo(entry) {
  await work(["waiting"], (waiting) => waiting.delete(entry.id));
  return add("undo", { promoter: entry.record.promoter, about: entry.id });
}

async function post(records) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), PATIENCE);
  const sent = Date.now();
  try {
    const answer = await fetch("/crew/sync.json", {
      method: "POST", redirect: "manual", cache: "no-store", signal: stop.signal,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ sent_at: new Date(sent).toISOString(), records }),
    });
    if (answer.type === "opaqueredirect") return { error: "portal" };
    if (!answer.ok) return { error: "http", code: answer.status, wait: 1000 * (Number(answer.headers.get("Retry-After")) || 0) };
    if (!(answer.headers.get("Content-Type") ?? "").includes("json")) return { error: "portal" };
    const body = await answer.json().catch(() => ({}));
    if (!Array.isArray(body.answers) || !body.now) return { error: "portal" };
    return { body, middle: (sent + Date.now()) / 2 };
  } catch {
    return { error: "offline" };
  } finally {
    clearTimeout(timer);
  }
}

/** Take in what was answered; returns what is done with: the records as they were told, each with its answer. */
async function settle({ body, middle }) {
  const settled = [];
  await work(["meta", "waiting", "done"], async (store, waiting, done) => {
    const phone = await result(store.get("phone"));
    phone.offset = Math.round((Date.parse(body.now) - middle) / 10) / 100;
    phone.answered = body.now;
    store.put(phone, "phone");
    store.put(Date.now(), "sentAt");
    store.delete("error");
    for (const answer of body.answers) {
      if (!["accepted", "unchanged", "rejected"].includes(answer.result)) continue;
      const entry = await result(waiting.get(answer.id));
      if (!entry) continue;
      waiting.delete(answer.id);
      const { sealed, ...record } = entry.record;
      // What was refused stays whole, to be appealed or handed in as a file; of the rest only what the pages show.
      const told = { ...entry, record: answer.result === "rejected" ? entry.record : record, answer };
      done.put(told);
      settled.push(told);
    }
    const old = await result(done.getAll());
    for (const one of old) if (one.answer.result !== "rejected" && Date.now() - one.at > KEEP) done.delete(one.id);
  });
  return settled;
}

/** The moment (ms) before which the server asked not to be tried again, 0 where there is none: it is respected by every way of sending. */
const notBefore = ({ error }) => (error?.until > Date.now() && error.until - Date.now() <= LONGEST_WAIT ? error.until : 0);

/** Whether the time to take it back is over; so it is where the phone's clock was set back meanwhile, or it would wait until that day. */
const isReady = ({ ready }, now) => ready <= now || ready > now + HOLD;

async function send(hello) {
  const answers = [];
  if (notBefore(await meta())) return { error: "http", answers, moved: [] };
  let size = BATCH, moved = [];
  for (;;) {
    const ready = (await all("waiting")).filter((one) => isReady(one, Date.now())).sort((a, b) => a.seq - b.seq);
    const batch = ready.slice(0, size);
    if (!batch.length && !hello) break;
    hello = false;
    const got = await post(batch.map((one) => one.record));
    if (got.code === 413 && size > 1) {
      size = Math.ceil(size / 2);
      continue;
    }
    if (got.error) {
      const now = Date.now(), wait = Math.min(got.wait ?? 0, LONGEST_WAIT);
      await remember("error", { error: got.error, code: got.code ?? 0, at: now, until: wait && now + wait });
      if (wait) plan(wait);
      await changed();
      return { error: got.error, answers, moved };
    }
    answers.push(...await settle(got));
    moved.push(...got.body.moved);
    if (ready.length <= size) break;
  }
  await changed();
  const later = (await all("waiting")).map((one) => one.ready);
  if (later.length) plan(Math.max(0, Math.min(...later) - Date.now()));
  return { answers, moved };
}

const after = [];
/** Be told of every answer of the server, with the record that it is for. */
export function onAnswers(listen) {
  after.push(listen);
}

/**
 * Send what is ready; only one tab sends at a time. `hello` asks the server for the time even where nothing waits; where another
 * tab is sending, `patient` waits for it and sends after, and the others leave it to that tab.
 */
export async function flush(hello = false, patient = false) {
  const run = () => send(hello === true);
  const got = navigator.locks
    ? await navigator.locks.request("fieldops-outbox", { ifAvailable: !patient }, (lock) => (lock ? run() : null))
    : await run();
  if (got && (got.answers.length || got.moved.length || hello === true)) after.forEach((listen) => listen(got));
  return got;
}

/** The true time in ms, as far as the server's last answer tells. */
export async function trueNow() {
  const { phone } = await meta();
  return Date.now() + (phone?.offset ?? 0) * 1000;
}
