// One's own page: appeals against quarantines. An appeal waits in the outbox like everything that is recorded.

import { $, data, ready, say, toast } from "./app.js";
import * as box from "./outbox.js";

async function hideWhatWaits() {
  const told = [...(await box.all("waiting")), ...(await box.all("done"))].map(({ record }) => record);
  const about = new Set(told.filter(({ kind }) => kind === "appeal").map((record) => record.about));
  for (const button of document.querySelectorAll("[data-about]")) {
    const sent = about.has(button.dataset.about);
    button.hidden = sent;
    button.nextElementSibling.hidden = !sent;
  }
}

$("doubted")?.addEventListener("click", async ({ target }) => {
  const { about } = target.dataset;
  if (!about) return;
  await box.add("appeal", { promoter: data.promoter, about, why: "it_is_true" });
  toast(say("appealed"));
  await hideWhatWaits();
});

ready.then(hideWhatWaits);
