// Free streets near the crew: only with network, and only the server gives them.

import { $, clone, say } from "./app.js";

export async function showNear() {
  const answer = await fetch("/crew/near.json", { cache: "no-store" }).catch(() => null);
  const found = answer?.ok ? await answer.json().catch(() => null) : null;
  $("nearSays").textContent = found ? (found.length ? "" : say("nothing")) : say("e.offline");
  $("nearList").replaceChildren(...(found ?? []).map(({ street, label, metres }) => {
    const made = clone("nearRow", { what: label, text: metres + " m" });
    Object.assign(made.querySelector("button").dataset, { take: street, label });
    return made;
  }));
}
