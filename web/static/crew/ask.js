// The card: who knows is asked by its instruction, and it says when to leave. It comes with the first tap, or before.

import { $, data, place, say } from "./app.js";
import { cornerOf, judge } from "./card.js";
import * as box from "./outbox.js";
import { claim, on, press, tap, where } from "./taps.js";
import { go, here, moving, showToday } from "./views.js";

/** The surveys of the sitting at a place: the server's, and those of this phone that it has not counted yet. */
async function sitting(id) {
  const now = await box.trueNow(), length = data.rules.sitting;
  const open = data.sittings.filter((one) => one.place === id && now - one.opened < length).pop();
  const seen = new Map((open?.asked ?? []).map(([name, at, who, corner, knows, phase]) =>
    [name, { id: name, at, who, corner, answer: knows ? "knows" : "does_not_know", phase }]));
  const [waiting, done, { phone }] = await Promise.all([box.all("waiting"), box.all("done"), box.meta()]);
  for (const { record, answer } of [...waiting, ...done]) {
    if (record.kind !== "survey" || (record.triangle ?? record.street) !== id || answer?.result === "rejected") continue;
    const at = Date.parse(record.device_time) + (record.offset_s ?? phone.offset ?? 0) * 1000;
    seen.set(record.id, { id: record.id, at, who: record.promoter, corner: record.cluster ?? "", answer: record.what, phase: record.phase });
  }
  const asked = [...seen.values()].filter((one) => now - one.at < length).sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
  const opened = open?.opened ?? asked[0]?.at ?? now;
  return { asked: asked.filter((one) => one.at - opened <= length), rule: open?.rule ?? data.rules.rule, now };
}

const verdictOn = async (id) => {
  const { asked, rule } = await sitting(id);
  return judge(asked, data.cards[rule], data.rules).verdict;
};
const small = (id) => data.held[id] && data.held[id].people < data.rules.small;

/** Open the card: where a test goes on, it goes on as this promoter asked last. */
export async function show(id) {
  const { asked } = await sitting(id);
  const mine = asked.filter(({ who }) => who === data.promoter); // whether a team-mate pitched is for the team-mate to say
  $("corner").elements.phase.value = mine.filter(({ phase }) => ["before", "after"].includes(phase)).pop()?.phase ?? "before";
  return showSurvey(id);
}

async function showSurvey(id) {
  const spot = place(id);
  if (!spot) return go("today");
  $("surveyLabel").textContent = spot.label;
  const { asked, rule, now } = await sitting(id);
  const card = judge(asked, data.cards[rule], data.rules);
  const corner = $("corner").elements.corner.value;
  const crowd = asked.filter((one) => one.who === data.promoter && cornerOf(one.corner) === cornerOf(corner) && one.answer !== "refused"
    && now - one.at < data.rules.window).length >= data.rules.crowd;
  $("askedCount").textContent = say("asked", { n: card.asked });
  $("cardSays").textContent = small(id) ? say("small") : card.verdict === "push_on" ? say("pushOn")
    : card.verdict === "move_on" ? say("thanks", { label: spot.label })
    : crowd ? say("crowd") : card.alone ? say("another") : say("askMore", { n: card.ask });
  const homes = data.homes[data.points[id] ? id : spot.point] ?? [];
  $("homeBox").hidden = !homes.length;
  $("home").replaceChildren(new Option(say("notAsked"), ""), ...homes.map(([home, label]) => new Option(label, home)));
  $("v-survey").classList.toggle("crowded", crowd && card.verdict === "ask_more");
  return card.verdict;
}

async function survey(what) {
  const id = here;
  const { corner, phase } = Object.fromEntries(new FormData($("corner")));
  sessionStorage.setItem("corner", corner);
  const home = $("home").value; // of this person only: the next one is asked again
  let verdict = "";
  await tap("survey", { ...where(id), ...claim(id), what, cluster: corner, phase, ...(home && { home_street: home }) }, say(what), null, async () => {
    const now = await verdictOn(id);
    if (here === id) await showSurvey(id);
    if (verdict === "move_on" && now !== verdict) await (await moving()).stay(id);
    await showToday();
  });
  verdict = await showSurvey(id);
  if (verdict === "move_on" && !small(id)) await (await moving()).movedOn(id);
}

press("answers", survey);
on("corner", "change", () => showSurvey(here));
const corner = sessionStorage.getItem("corner");
if (corner) $("corner").elements.corner.value = corner;
