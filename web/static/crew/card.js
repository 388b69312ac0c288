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
  const spread = spreadAt(given, rules), looks = looksFrom(card, spread || 1), last = looks[looks.length - 1].at;
  let verdict = "ask_more", knows = 0;
  for (let n = 1; n <= Math.min(given.length, last); n++) {
    knows += given[n - 1].answer === "knows";
    if (n < spread) continue;
    const { at, low, high } = looks.find((one) => one.at >= n);  // its decision may be certain before
    if (knows + at - n <= low) verdict = "push_on";
    else if (knows >= high) verdict = "move_on";
    if (verdict !== "ask_more") break;
  }
  if (verdict !== "ask_more" && !spread) return { verdict: "ask_more", asked: given.length, ask: 1, alone: true };
  const look = looks.find((one) => one.at > given.length)?.at ?? last;
  return { verdict, asked: given.length, ask: verdict === "ask_more" ? look - given.length : 0, alone: false };
}

/** With which of the counted surveys, from 1, enough people or corners had asked; 0: not yet (fieldops.surveys.spread_at). */
function spreadAt(given, rules) {
  const who = new Set(), corners = new Set();
  return given.findIndex((one) => {
    who.add(one.who);
    if (cornerOf(one.corner)) corners.add(cornerOf(one.corner));
    return who.size >= rules.promoters || corners.size >= rules.corners;
  }) + 1;
}

/** The looks of a card that may not decide before survey number `first` (CountRule.not_before). */
function looksFrom(card, first) {
  const left = card.looks.filter((at) => at >= first).map((at) => ({ at, low: card.low[at], high: card.high[at] }));
  if (left.length) return left;
  const last = card.looks[card.looks.length - 1], high = Math.ceil(card.high[last] * first / last);
  return [{ at: first, low: high - 1, high }];
}
