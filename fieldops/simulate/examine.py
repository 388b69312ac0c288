"""What must hold after every simulated day: the record verifies, nobody holds twice, plans are lawful, all figures agree."""

from collections import Counter

from fieldops.actions import desk
from fieldops.actions.awareness import save_estimates
from fieldops.actions.claims import list_claims
from fieldops.actions.coverage import read_coverage
from fieldops.actions.pushing import push_orders
from fieldops.clock import find_zone, local_day
from fieldops.ids import CrewId, StreetId
from fieldops.simulate.office import Office
from fieldops.store.claims import claims_in_force
from fieldops.store.decisions import closed_streets
from fieldops.store.places import read_zone
from fieldops.store.pushing import refused_points
from fieldops.store.today import count_streets, idle_crews
from fieldops.store.verify import verify


def examine(office: Office) -> list[str]:
    """
    Return what is wrong this evening, one sentence each; nothing where all is well.

    The queries behind the screens are compared with each other and with what the office remembers: claims in force, the list of
    claims, the read model's streets, crews, zones and triangles, closures, and the estimates.
    """
    region, actor, now = office.region, office.actor, office.now
    report = save_estimates(region, actor, now=now)
    with region.turn(actor, now=now) as turn:
        moment = turn.now
    wrong = [f"the record: {one.what}" for one in verify(region).violations[:3]]
    claims = claims_in_force(region.reader(), moment)
    holders = {claim.street: claim.crew for claim in claims}
    twice = [street for street, count in Counter(claim.street for claim in claims).items() if count > 1]
    wrong += [f"street {street} has two holders" for street in twice]
    for crew, count in Counter(claim.crew for claim in claims).items():
        if count > office.rules.claims_per_crew:
            wrong.append(f"crew {crew} holds {count} streets")
    _, listed = list_claims(region, actor, now=moment)
    if {one.claim.street: one.claim.crew for one in listed} != holders:
        wrong.append("the list of claims and the claims in force differ")
    wrong += _read_model(office, holders, closed := set(closed_streets(region.reader(), moment)))
    wrong += _desk(office, holders, closed, sum(one.share is not None for one in report.streets))
    wrong += _today(office, holders, closed)
    known = {office.map.streets[street] for street, claim in office.claims.items() if claim.holds_at(moment)}
    if known != set(holders):
        wrong.append(f"the office remembers other claims than the region ({len(known)} and {len(holders)})")
    if {office.map.streets[street] for street in office.finished} != closed:
        wrong.append(f"the office remembers {len(office.finished)} finished streets, the region {len(closed)}")
    if {one.name for one in report.streets if one.closed_until is not None} != closed:
        wrong.append("the awareness of streets and the closures differ")
    return wrong


def compare_orders(office: Office, crew: CrewId) -> list[str]:
    """Compare the hours that the crew's phones show this morning with those by which it will push, before it does."""
    orders = push_orders(office.region, office.actor, crew, now=office.now)
    mine = {office.map.streets[street]: street for street in office.held(crew)}
    wrong = [
        f"street {one.street} has an order, and crew {crew} does not hold it"
        for one in orders
        if one.street not in mine
    ]
    hours = {one.street: one.hours for one in orders}
    around = {
        int(office.map.triangle[street]): one.triangle for one in orders if (street := mine.get(one.street)) is not None
    }
    connection = office.region.reader()
    refused = refused_points(connection, list(around.values()), office.now, read_zone(connection))
    for triangle in {k for k, name in around.items() if name not in refused} - office.refused - office.apart:
        group = office.mates(next(street for street in mine.values() if office.map.triangle[street] == triangle))
        ours = office.hours_worth(crew, group, stands=None, refused=False)
        for street, pushed in zip(group, ours.tolist(), strict=True):
            shown = hours.get(office.map.streets[street], pushed)
            if abs(shown - pushed) > 1e-6:
                name = office.map.streets[street]
                wrong.append(f"phones of {crew} show {shown:.2f} h for {name}, the crew pushes {pushed:.2f}")
    return wrong


def examine_plan(office: Office) -> list[str]:
    """Return what is unlawful about the newest plan by what the office remembers: it shares no line with the planner's own check."""
    if office.planned is None:
        return []
    plan, holders = office.planned.plan, office.planned.holders
    number = {street: k for k, street in enumerate(office.map.streets)}
    given = [one for one in plan.assignments if not one.pinned]
    wrong = [str(reason) for reason in plan.figures["violations"]]
    wrong += [f"street {s} is given {n} times" for s, n in Counter(one.street for one in given).items() if n > 1]
    hours, held = Counter[CrewId](), Counter(holders.values())
    for one in given:
        street = number[one.street]
        hours[one.crew] += one.hours  # type: ignore[assignment]  # a Counter adds up hours as well
        held[one.crew] += 1
        if street in holders:
            wrong.append(f"street {one.street} is given to {one.crew}, and {holders[street]} holds it")
        if street in office.finished:
            wrong.append(f"street {one.street} has moved on and is given to {one.crew}")
        if office.waiting.get((street, one.crew), office.now) > office.now:
            wrong.append(f"street {one.street} is cooling down for {one.crew}")
        if one.finish_probability < office.rules.finish_probability - 1e-3:
            wrong.append(f"street {one.street} would be finished with {one.finish_probability:.0%} only")
    week = office.rules.claim_duration.days * office.hours_a_day
    wrong += [f"crew {c} is given {h:.1f} h" for c, h in hours.items() if h > office.sizes[c] * week + 1e-3]
    wrong += [f"crew {c} would hold {n} streets" for c, n in held.items() if n > office.rules.claims_per_crew]
    return [f"plan {plan.id}: {one}" for one in wrong]


def _desk(office: Office, holders: dict[StreetId, CrewId], closed: set[StreetId], measured: int) -> list[str]:
    """Compare the overview, the lists of crews' streets and the facts of a street with the claims and closures."""
    wrong: list[str] = []
    overview = desk.read_overview(office.region, office.actor)
    shown = (overview.figures.claimed, overview.figures.saturated, overview.figures.measured)
    if shown != (told := (len(holders), len(closed - set(holders)), measured)):
        wrong.append(f"the overview shows (claimed, saturated, measured) = {shown}, the region holds {told}")
    if {crew.id: crew.holds for crew in overview.crews if crew.holds} != dict(Counter(holders.values())):
        wrong.append("the overview's crews hold other streets than the claims say")
    if holders:
        street = min(holders)
        if desk.read_street(office.region, office.actor, street).holder != holders[street]:
            wrong.append(f"the page of street {street} names another holder")
    return wrong


def _today(office: Office, holders: dict[StreetId, CrewId], closed: set[StreetId]) -> list[str]:
    """Compare the counts of the first page of a lead with the claims and closures."""
    wrong: list[str] = []
    overview = desk.read_overview(office.region, office.actor)
    streets = count_streets(office.region.reader(), overview.city.id, overview.present)
    shown, count = (streets.free, streets.claimed, streets.saturated), len(office.map.streets)
    told = (count - len(closed | set(holders)), len(holders), len(closed - set(holders)))
    if shown != told:
        wrong.append(f"the first page shows (free, claimed, saturated) = {shown}, the region holds {told}")
    idle = idle_crews(
        office.region.reader(),
        overview.present,
        local_day(overview.present, find_zone(overview.city.time_zone)).isoformat(),
    )
    if {crew.id for crew in idle} != {crew.id for crew in overview.crews} - set(holders.values()):
        wrong.append("the first page calls other crews idle than those that hold nothing")
    return wrong


def _read_model(office: Office, holders: dict[StreetId, CrewId], closed: set[StreetId]) -> list[str]:
    """Compare the rows of the page for leads with the claims and closures."""
    wrong: list[str] = []
    shown = read_coverage(office.region, office.actor)
    if {row["street"]: row["crew"] for row in shown.streets if row["crew"]} != holders:
        wrong.append("the streets of the page and the claims in force differ")
    if {row["street"] for row in shown.streets if row["state"] == "saturated"} != closed - set(holders):
        wrong.append("the saturated streets of the page and the closures differ")
    if {row["crew"]: row["holds"] for row in shown.crews if row["holds"]} != dict(Counter(holders.values())):
        wrong.append("the crews of the page hold other streets than the claims say")
    states = Counter(row["state"] for row in shown.streets)
    wrong += [
        f"zones and streets count other {state} streets"
        for state in ("saturated", "claimed", "free")
        if sum(row[state] for row in shown.zones) != states[state]
    ]
    asked = sum(row["asked"] or 0 for row in shown.streets)
    if sum(row["asked"] or 0 for row in shown.zones) < asked:
        wrong.append("the zones count fewer surveys than their streets")
    if sum(row["asked"] or 0 for row in shown.triangles) < asked and all(row["triangle"] for row in shown.streets):
        wrong.append("the triangles count fewer surveys than their streets")
    return wrong
