// Signing out, on the phone's pages and on one's own: what waits is sent first, and what is kept of the day goes with who leaves.

import * as box from "./outbox.js";

const PATIENCE = 20_000; // ms for an answer

let leaving = false;
/** Sign out by a form, or tell why not by a code: signOutFirst, signOutLater where no network answers, signOutSlow where none does in time. */
export async function leave(form, tell) {
  if (leaving) return;
  leaving = true;
  const why = await attempt(form);
  leaving = false;
  if (why) tell(why);
}

async function attempt(form) {
  if ((await box.all("waiting")).length) return "signOutFirst";
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), PATIENCE);
  const answer = await fetch(form.action, { method: "POST", signal: stop.signal }).catch(() => null);
  clearTimeout(timer);
  if (!answer?.ok || !answer.redirected) return stop.signal.aborted ? "signOutSlow" : "signOutLater"; // also where some network answered instead
  for (const key of await globalThis.caches?.keys() ?? []) await caches.delete(key); // not before: the day still opens
  location.assign(answer.url);
  return "";
}
