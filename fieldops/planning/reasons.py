"""Every sentence of reason that a plan can give, by its code; what they mean stands where they are used."""

from collections.abc import Sequence

from fieldops.said import Fact, Reason, Said, template

SENTENCES: dict[str, str] = {
    # why this crew
    "told": template("%(missing_n)s of %(people_n)s people still to be told (%(known_share)s know)"),
    "told_unmeasured": template("%(missing_n)s of %(people_n)s people still to be told (never measured)"),
    "believed": template("believed at the target (%(known_share)s know), which only a test can say: ask there first"),
    "believed_unmeasured": template("believed at the target (never measured), which only a test can say: ask there first"),
    "recruits": template("about %(recruits)s candidates are expected from its hours"),
    "finishes": template("crew %(crew)s finishes with %(finish_share)s in %(work_h)s h, %(home_m)s from its home"),
    "only": template("no other crew can take it"),
    "next_hours": template("crew %(crew)s, the next best, would need %(more_h)s h more"),
    "next_price": template("crew %(crew)s, the next best, has better use for its hours"),
    "next_free": template("crew %(crew)s, the next best, has hours left and could take it as well"),
    "swarmed": template("its triangle is swarmed"),
    "ask_gate": template("ask at the gate first: permission unknown"),
    "entry_note": template("it lets promoters in at %(open)s"),
    "pinned": template("pinned to crew %(crew)s by hand"),
    "moved": template("moved to crew %(crew)s by hand"),
    # why nobody: what stands against the street
    "closed": template("closed by hand"),
    "refused": template("entry refused: once it is granted, record it with `fieldops streets permit`"),
    "saturated": template("saturated; open again from %(open_at)s"),
    "paused": template("closed for a time after an incident; open again from %(open_at)s"),
    "claimed": template("claimed by crew %(crew)s until %(until_at)s"),
    "reserved": template("kept for the phone of crew %(crew)s until %(until_at)s"),
    "burst_later": template("its zone is in no burst on %(day)s: the next one starts on %(next_day)s"),
    "burst_none": template("its zone is in no burst on %(day)s: none is to come"),
    "kept_free": template("kept free by hand"),
    # why nobody: what the plan found
    "worthless": template("it has no people, or no priority"),
    "no_effort": template("no effort brings it to the target with the wanted probability"),
    "no_crew": template("there is no crew"),
    "no_way": template("no crew can walk there from its home"),
    "too_large": template("it needs %(needs_hours)s h, more than any crew has (%(room_hours)s h): split it, or join crews"),
    "entry_hours": template("it lets promoters in at %(open)s only: no crew can work more than %(room_hours)s h there in its days"),
    "elsewhere_open": template("the hours of the crews near it are worth more elsewhere while it lets promoters in, %(open)s (needs %(needs_h)s h for %(worth_n)s)"),
    "cooling": template("every crew near it cools down or lacks the hours"),
    "no_hours": template("no crew near it has the hours"),
    "elsewhere": template("it would take %(needs_h)s h for %(worth_n)s people: each crew near it gains more on other streets"),
    "not_placed": template("it would take %(needs_h)s h for %(worth_n)s people, and was not placed before the search ended (gap %(gap_share)s): try a longer --time-limit"),
    "given_up": template("given up by hand, so that crew %(crew)s can take another street"),
    "taken_out": template("taken out of the plan by hand"),
    # why nothing at all
    "no_street": template("the region has no street: import a map with `fieldops import`"),
    "no_crews": template("the region has no crew: import them with `fieldops crews import`"),
    "all_off": template("no crew has an hour left in these seven days: all are off, or busy with their claims"),
    "all_full": template("every crew holds as many claims as it may"),
    "all_shut": template("no street may be given to anybody; most often (%(most_n)s of %(streets_n)s streets) for this reason"),
    "all_claimed": template("%(part_n)s of %(streets_n)s streets are claimed, the first is free again at %(until_at)s"),
    "all_outside": template("%(part_n)s of %(streets_n)s streets are outside running bursts"),
    "all_other": template("%(part_n)s of %(streets_n)s streets may be given to nobody for this reason"),
    "all_worthless": template("no street has people and a priority: nothing is worth an hour"),
    "all_cut_off": template("no crew can walk from its home to any street: crews %(crews)s are cut off"),
    "all_too_large": template("every street is larger than every crew: the smallest needs %(needs_hours)s h, the largest crew has %(room_hours)s h"),
    "none_finishes": template("every street is larger than every crew: no effort finishes any, the largest crew has %(room_hours)s h"),
    # why this crew gets nothing
    "crew_off": template("it has no working day in these seven days"),
    "crew_no_hours": template("it has no hours"),
    "crew_busy": template("its claims need all of its hours (%(needs_hours)s h)"),
    "crew_full": template("it holds as many claims as it may"),
    "crew_cut_off": template("it is cut off: no open street can be reached on foot from its home"),
    "crew_none_fits": template("no street near it fits into its %(room_hours)s h, or it cools down for them"),
    "crew_beaten": template("other crews do more with every street near it"),
    "crew_none_left": template("no street is left: each that it could take has a crew"),
    # why not another crew
    "cools_down": template("crew %(crew)s cools down for it: it forfeited the street (rule 4)"),
    "cannot_walk": template("crew %(crew)s cannot walk there from its home"),
    "holds_most": template("crew %(crew)s holds as many claims as it may (rule 5)"),
    "lacks_hours": template("crew %(crew)s would need %(needs_h)s h for it, its ways there and back included, and can give %(room_h)s h in all (rule 5)"),
    "lacks_entry": template("crew %(crew)s can work %(room_h)s h there while it lets promoters in, and it needs more"),
    "no_time_beside": template("crew %(crew)s has no time for it beside what it holds while it lets promoters in"),
    "pinned_full": template("crew %(crew)s has no room beside what is pinned to it (rule 5)"),
    "pinned_elsewhere": template("street %(street)s is pinned to another crew than the plan gives it to: where no plan can keep the pin, lift it"),
    "pinned_free": template("street %(street)s is pinned to nobody, and the plan gives it to a crew: lift the pin, or make a new plan"),
    # why a burst is as it is
    "burst_split": template("split in %(parts_n)s: it needs %(needs_n)s people for %(days)s days, and there are %(people_n)s"),
    "burst_lagged": template("lagged by %(missing_hours)s h: %(days)s days instead of %(before)s"),
    "burst_rest": template("%(left_hours)s h left of a burst that lagged"),
    "burst_waits": template("later: the people are needed elsewhere first"),
    # why a plan is not published
    "gives_nothing": template("it gives no street to anybody"),
    "is_what_if": template("it answers a what-if, on assumptions that the operation does not share"),
    "was_published": template("it was published at %(published_at)s"),
    "overtaken": template("it was made for %(start_at)s, and the first day is over"),
    "begins_later": template("it starts at %(start_at)s, and claims begin when they are made"),
    "crew_fewer": template("crew %(crew)s had %(before_h)s h for it when this plan was made and has %(room_h)s h now"),
    "outside_now": template("%(outside_n)s of its streets are in no burst on %(day)s (%(street)s ...), and no lead has overridden that (`fieldops burst --override ZONE`)"),
    # why a move by hand is not made
    "moved_published": template("it is published: its streets are claims, and a claim is given by the claims' own acts"),
    # what a pin does while another crew holds the street
    "pin_later": template("coming plans keep it so from %(until_at)s on; crew %(crew)s holds it until then"),
    # what a move by hand costs
    "costs_of_today": template("crews, bursts, pins or settings have changed since this plan was made: what moves cost is reckoned as they are today"),
    "move_costs": template("crew %(crew)s would take it in %(needs_h)s h: %(fewer_n)s people told fewer"),
    "move_gains": template("crew %(crew)s would take it in %(needs_h)s h: %(more_n)s people told more"),
    "move_same": template("crew %(crew)s would take it in %(needs_h)s h: as many people told"),
    "out_same": template("with nobody: as many people told"),
    "out_costs": template("with nobody: %(fewer_n)s people told fewer"),
    "out_gains": template("with nobody: %(more_n)s people told more"),
    "gives_up": template("it gives up %(streets)s"),
    "handed_over": template("other crews take %(streets)s from it"),
    "taken_up": template("taken instead: %(streets)s"),
    "torn": template("streets of its triangle stay with others: its point decides when all of them are done"),
    # what is unlawful
    "unlawful_unknown_street": template("street %(street)s is not in the region"),
    "unlawful_unknown_crew": template("crew %(crew)s is not in the region"),
    "unlawful_twice": template("street %(street)s is given %(times_n)s times"),
    "unlawful_claimed": template("street %(street)s is claimed already"),
    "unlawful_shut": template("street %(street)s may not be given"),
    "unlawful_cooling": template("crew %(crew)s is cooling down for street %(street)s"),
    "unlawful_way": template("crew %(crew)s cannot walk to street %(street)s from its home"),
    "unlawful_hours": template("street %(street)s needs %(needs_h)s h, and the plan gives it %(gives_h)s"),
    "unlawful_entry": template("crew %(crew)s has no time for its streets at the hours at which they let promoters in"),
    "unlawful_chance": template("street %(street)s is finished with probability %(finish_share)s only"),
    "unlawful_crew_chance": template(
        "crew %(crew)s has hours enough for all its streets with probability %(finish_share)s only"
    ),
    "unlawful_crew_hours": template("crew %(crew)s has %(room_h)s h, and the plan gives it %(gives_h)s"),
    "unlawful_crew_reserve": template(
        "crew %(crew)s keeps too little in reserve: its streets count %(counted_h)s h of the %(room_h)s h that it may plan for"
    ),
    "unlawful_torn": template(
        "streets %(streets)s of one triangle go together, and the plan gives %(given_n)s of them (crews %(crews)s)"
    ),
    "unlawful_crew_places": template("crew %(crew)s may take %(room_n)s more streets, and the plan gives it %(gives_n)s"),
}  # fmt: skip
# What sort of reason leaves a street with nobody, in a few words, for counting.
SORTS: dict[str, str] = {
    "closed": template("closed by hand"), "refused": template("entry refused"), "saturated": template("saturated"),
    "paused": template("closed for a time"), "claimed": template("claimed already"), "reserved": template("kept for a phone"),
    "burst_later": template("its zone's burst comes later"), "burst_none": template("its zone is in no burst"),
    "kept_free": template("kept free by hand"), "worthless": template("no people, or no priority"),
    "no_effort": template("no effort brings it to the target"), "no_crew": template("there is no crew"),
    "no_way": template("no crew can walk there"), "too_large": template("needs more hours than any crew has"),
    "cooling": template("every crew near it cools down or lacks the hours"), "no_hours": template("no crew near it has the hours"),
    "entry_hours": template("lets promoters in at too few hours"), "not_placed": template("not placed before the search ended"),
    "elsewhere_open": template("the hours of the crews near it are worth more elsewhere"),
    "elsewhere": template("the hours of the crews near it are worth more elsewhere"), "given_up": template("given up by hand"),
    "taken_out": template("taken out of the plan by hand"),
}  # fmt: skip
CODE_OF = {text: code for code, text in SENTENCES.items()}


def say(code: str, **facts: Fact) -> Said:
    """Return the sentence of that code with its facts."""
    return Said(SENTENCES[code], **facts)


def pack(reason: str) -> str:
    """Return a reason as the small text that is stored beside its English; empty where it is no value."""
    if isinstance(reason, Said):
        reason = Reason([reason])
    return reason.to_json(CODE_OF) if isinstance(reason, Reason) else ""


def unpack(stored: str, english: str) -> Reason:
    """Return a stored reason; where none was packed, its English as it is."""
    return Reason.from_json(stored, SENTENCES) if stored else Reason([english])


def fold_crews(reasons: Sequence[Reason]) -> list[Reason]:
    """Return reasons that differ in nothing but their crew as one that names all these crews; in the order of the first of each."""
    alike: dict[tuple[object, ...], list[Reason]] = {}
    for reason in reasons:
        key = tuple((part.template, *((k, v) for k, v in part.facts.items() if k != "crew")) for part in reason.parts)
        alike.setdefault(key, []).append(reason)
    return [
        Reason(_of_all(parts) for parts in zip(*(one.parts for one in some), strict=True)) for some in alike.values()
    ]


def _of_all(parts: Sequence[Said]) -> Said:
    """Return a sentence of several crews."""
    crews = dict.fromkeys(str(part.facts["crew"]) for part in parts if "crew" in part.facts)
    return Said(parts[0].template, **(parts[0].facts | ({"crew": ", ".join(crews)} if crews else {})))


def sort_of(reason: str) -> str:
    """Return the code of the first sentence, which says what sort of reason it is; the text itself where it is no value."""
    parts = reason.parts if isinstance(reason, Reason) else (reason,) if isinstance(reason, Said) else ()
    return CODE_OF.get(parts[0].template, parts[0].template) if parts else str(reason)
