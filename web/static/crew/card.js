// The card: the same count tables that decide at the server (fieldops.surveys.why_not_counted, fieldops.decisions.judge).

/** A corner as one word, however it was typed; "" where none was stated (fieldops.surveys.Asked.at_corner). */
export const cornerOf = (text) => text.normalize("NFKC").split(/\s+/).filter(Boolean).join(" ").toLowerCase();

/** The surveys that count, in the order asked: {id, at, who, corner, answer, phase}. */
export function counted(asked, rules) {
  const phase = asked.find((one) => one.phase && one.phase !== "unknown")?.phase ?? "unknown";
  const recent = new Map();
  return asked.filter((one) => {
    if (one.answer === "refused") return false;
    if (phase !== "unknown" && one.phase && one.phase !== "unknown" && one.phase !== phase) return false;
    const key = one.who + "\n" + cornerOf(one.corner);
    const cluster = (recent.get(key) ?? []).filter((at) => one.at - at < rules.window);
    recent.set(key, cluster);
    if (cluster.length >= rules.crowd) return false;
    cluster.push(one.at);
    return true;
  });
}

/** What the card says: verdict, how many count, how many to ask until its next look, and whether company is missing. */
export function judge(asked, card, rules) {
  const given = counted(asked, rules);
  const last = card.looks[card.looks.length - 1];
  let verdict = "ask_more", knows = 0;
  for (let n = 1; n <= Math.min(given.length, last); n++) {
    knows += given[n - 1].answer === "knows";
    if (knows <= card.low[n]) verdict = "push_on";
    else if (knows >= card.high[n]) verdict = "move_on";
    if (verdict !== "ask_more") break;
  }
  const alone = new Set(given.map((one) => one.who)).size < rules.promoters
    && new Set(given.map((one) => cornerOf(one.corner)).filter(Boolean)).size < rules.corners;
  if (verdict !== "ask_more" && alone) return { verdict: "ask_more", asked: given.length, ask: 1, alone };
  const look = card.looks.find((one) => one > given.length) ?? last;
  return { verdict, asked: given.length, ask: verdict === "ask_more" ? look - given.length : 0, alone: false };
}
