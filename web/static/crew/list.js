// The page of the outbox: what waits and why, what was refused and what to do about it, the file for the lead.

import { $, clock, clone, data, place, refresh, say, toast } from "./app.js";
import * as box from "./outbox.js";

const age = (ms) => (ms < 5_400_000 ? say("minutes", { n: Math.max(0, Math.round(ms / 60_000)) })
  : say("hoursAge", { n: Math.round(ms / 3_600_000) }));

async function problem() {
  const { error } = await box.meta();
  if (!error) return "";
  if (error.error !== "http") return say("e." + error.error);
  if (error.code === 401) return say("e.signin");
  if (error.code === 403) return say("e.forbidden");
  return [429, 502, 503].includes(error.code) ? say("e.busy") : say("e.server", { code: error.code });
}

const name = (record) => [say(record.what || record.kind), place(record.street ?? record.venue ?? record.triangle)?.label, record.door]
  .filter(Boolean).join(" · ");

export async function showOutbox(waiting, oldest) {
  const { sentAt } = await box.meta();
  const done = (await box.all("done")).sort((a, b) => b.at - a.at);
  $("count").textContent = waiting.length ? say("waiting", { n: waiting.length }) : say("online");
  $("age").textContent = waiting.length ? say("old", { age: age(oldest) }) : "";
  $("error").textContent = await problem();
  $("sent").textContent = sentAt ? age(Date.now() - sentAt) : say("never");
  const row = (one, text) => {
    const made = clone("row", { what: name(one.record), when: clock(one.at), text });
    made.dataset.id = one.id;
    return made;
  };
  $("refused").replaceChildren(...done.filter((one) => one.answer.result === "rejected").map((one) => {
    const made = row(one, say("r." + one.answer.reason));
    made.append(clone("appeal"));
    return made;
  }));
  $("waitingList").replaceChildren(...waiting.slice(0, 100).map((one) => row(one, "")));
  $("takenList").replaceChildren(...done.filter((one) => one.answer.result !== "rejected").slice(0, 50).map((one) => {
    const marks = (one.answer.marks ?? []).map((mark) => say("m." + mark)).join(", ");
    return row(one, one.answer.again ? say("again") : marks && say("marked", { marks }));
  }));
}

$("send").addEventListener("click", async () => {
  await box.flush(true);
  await refresh();
});
$("export").addEventListener("click", async () => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await box.exported());
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
  } else await box.forget(id);
});
