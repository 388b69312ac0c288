// The training cards: what somebody can do now is a record like any other, and waits without network.

import { data, ready, say, toast } from "./app.js";
import * as box from "./outbox.js";

await ready;
const buttons = [...document.querySelectorAll("[data-lesson]")];
function learned(button) {
  button.setAttribute("aria-pressed", "true");
  button.disabled = true;
}
const kept = [...(await box.all("waiting")), ...(await box.all("done")).filter((one) => one.answer.result !== "rejected")];
for (const { record } of kept) {
  const known = record.kind === "lesson" && buttons.find((button) => button.dataset.lesson === record.what);
  if (known) learned(known);
}
for (const button of buttons) {
  button.onclick = async () => {
    await box.add("lesson", { promoter: data.promoter, what: button.dataset.lesson });
    learned(button);
    toast(say("learned"));
  };
}
