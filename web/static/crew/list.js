// The page of the outbox: what waits and why, what was refused and what to do about it, the file for the lead.

import { $, clone, data, place, refresh, say, toast } from "./app.js";
import * as box from "./outbox.js";
import { clock, whyNot } from "./told.js";

const age = (ms) => (ms < 5_400_000 ? say("minutes", { n: Math.max(0, Math.round(ms / 60_000)) })
  : say("hoursAge", { n: Math.round(ms / 3_600_000) }));

async function problem() {
  const { error } = await box.meta();
  if (!error) return "";
  if (error.error !== "http") return say("e." + error.error);
  if (error.code === 401) return say("e.signin");
  if (error.code === 403) return say("e.forbidden");
  if (error.until > Date.now()) return say("e.wait", { at: clock(error.until) });
  return [429, 502, 503].includes(error.code) ? say("e.busy") : say("e.server", { code: error.code });
}

const NO_FACT = ["claim", "withdrawal", "undo", "appeal"]; // they wish for something: nobody can say that they are true
const labelOf = ({ record, label }) => place(record.street ?? record.venue ?? record.triangle)?.label ?? label;
const name = (one) => [say(one.record.what || one.record.kind), labelOf(one), one.record.door].filter(Boolean).join(" · ");

export const show = refresh; // what is drawn anew draws the list too, where it is open

// A list that says the same keeps its rows: a tap is lost whose row is drawn anew between touch and release.
const put = (list, rows) => {
  if (rows.length !== list.children.length || rows.some((one, n) => !one.isEqualNode(list.children[n]))) list.replaceChildren(...rows);
};

export async function showOutbox(waiting, oldest) {
  const { sentAt } = await box.meta();
  const done = (await box.all("done")).sort((a, b) => b.at - a.at);
  $("count").textContent = waiting.length ? say("waiting", { n: waiting.length }) : say("online");
  $("age").textContent = waiting.length ? say("old", { age: age(oldest) }) : "";
  $("error").textContent = await problem();
  $("sent").textContent = sentAt ? say("ago", { age: age(Date.now() - sentAt) }) : say("never");
  const row = (one, text) => {
    const made = clone("row", { what: name(one), when: clock(one.at), text });
    made.dataset.id = one.id;
    return made;
  };
  const appealed = new Set([...waiting, ...done].filter(({ record }) => record.kind === "appeal").map(({ record }) => record.about));
  put($("refused"), done.filter((one) => one.answer.result === "rejected").map((one) => {
    const already = appealed.has(one.id);
    const made = row(one, whyNot(one.answer, labelOf(one)) + (already ? " " + say("appealed") : ""));
    made.append(clone("appeal"));
    made.querySelector("[data-why=it_is_true]").hidden = already || NO_FACT.includes(one.record.kind);
    return made;
  }));
  put($("waitingList"), waiting.slice(0, 100).map((one) => row(one, "")));
  put($("takenList"), done.filter((one) => one.answer.result !== "rejected").slice(0, 50).map((one) => {
    const marks = (one.answer.marks ?? []).map((mark) => say("m." + mark)).join(", ");
    const made = row(one, one.back ? say("undone") : one.answer.again ? say("again") : marks && say("marked", { marks }));
    if (!one.back && ["contact", "visit"].includes(one.record.kind)) made.append(clone("takeBack"));
    return made;
  }));
}

/** Everything that the server has not taken, as a file for the lead. */
async function exported() {
  const [waiting, done] = await Promise.all([box.all("waiting"), box.all("done")]);
  const refused = done.filter((one) => one.answer.result === "rejected");
  const records = [...waiting, ...refused].sort((a, b) => a.seq - b.seq).map((one) => one.record);
  return new Blob([JSON.stringify({ exported_at: new Date().toISOString(), records })], { type: "application/json" });
}

async function forget(id) {
  await box.work(["done"], (done) => done.delete(id));
  await box.changed();
}

/** Undo what was sent: the record stays, a second one says that it does not count. */
async function takeBack(id) {
  await box.work(["done"], async (done) => {
    const entry = await new Promise((found) => { const asked = done.get(id); asked.onsuccess = () => found(asked.result); });
    done.put({ ...entry, back: true });
  });
  const entry = (await box.all("done")).find((one) => one.id === id);
  await box.add("undo", { promoter: entry.record.promoter, about: id });
  toast(say("undone"));
}

$("takenList").addEventListener("click", ({ target }) => {
  const id = target.matches("[data-back]") && target.closest("li")?.dataset.id;
  if (id) takeBack(id);
});
$("send").addEventListener("click", async () => {
  await box.flush(true);
  await refresh();
});
$("export").addEventListener("click", async () => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await exported());
  link.download = "fieldops-outbox.json";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
});
$("refused").addEventListener("click", async (event) => {
  const why = event.target.dataset.why, id = event.target.closest("li")?.dataset.id;
  if (!why || !id) return;
  if (why !== "drop") {
    await box.add("appeal", { promoter: data.promoter, about: id, why });
    toast(say("appealed"));
  } else await forget(id);
});
