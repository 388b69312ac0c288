// How moments and refusals are said.

import { data, say } from "./app.js";

export const when = (ms) => new Date(ms).toLocaleString(document.documentElement.lang,
  { month: "short", day: "numeric", weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: data.zone });
export const clock = (ms) => new Date(ms).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: data.zone });

/** Why the server did not take a record: who had been quicker, where somebody was; and until when, where it said so. */
export const whyNot = ({ reason, holder, holder_name, until }, label) => {
  const facts = { holder: holder_name || holder, label, until: until && when(Date.parse(until)) };
  return holder ? say("by." + reason, facts) : say("r." + reason) + (until ? " " + say("opens", facts) : "");
};
