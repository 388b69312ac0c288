from collections import Counter, defaultdict
from datetime import date, datetime, timedelta

import numpy as np
import pytest
from scipy import sparse

from fieldops.awareness.stopping import R50, Verdict
from fieldops.city.synth import make_truth
from fieldops.exchange.synthhistory import DAYS, Ground, History, make_history

SIDE = 20
LAST = date(2026, 3, 1)


def chessboard() -> Ground:
    """400 streets on a board, neighbours side by side, with a connection point in every fourth 2 x 2 square."""
    i, j = (axis.ravel() for axis in np.meshgrid(np.arange(SIDE), np.arange(SIDE), indexing="ij"))
    rng = np.random.default_rng(1)
    truth = make_truth(rng.lognormal(5, 0.8, i.size), i * 200.0, j * 200.0, rng)
    beside = np.abs(i[:, None] - i) + np.abs(j[:, None] - j) == 1
    points = tuple((-30 + a * 0.002, 30 + b * 0.002, np.flatnonzero((i // 2 == a // 2) & (j // 2 == b // 2)))
                   for a in range(0, SIDE, 4) for b in range(0, SIDE, 4))  # fmt: skip
    names = np.array([f"S{k}" for k in range(i.size)], dtype=object)
    return Ground(names, -30 + i * 0.002, 30 + j * 0.002, truth.people, truth.awareness, truth.response,
                  sparse.csr_array(beside.astype(float)), points)  # fmt: skip


GROUND = chessboard()


@pytest.fixture(scope="module")
def history() -> History:
    return make_history(GROUND, crews=20, last=LAST, rng=np.random.default_rng(2))


def test_the_weeks_lead_to_the_truth(history: History) -> None:
    gap = np.abs(history.awareness - GROUND.awareness)
    assert np.quantile(gap, 0.9) < 1e-3
    assert np.quantile(gap, 0.97) < 0.004
    assert history.awareness.mean() == pytest.approx(0.07, abs=0.004)


def test_the_pilot_worked_where_awareness_is_high_now_and_was_lower_before(history: History) -> None:
    number = {street: k for k, street in enumerate(GROUND.street)}
    pushed = {number[row["street"]] for row in history.effort}
    assert len(pushed) >= 8
    assert history.awareness[list(pushed)].mean() > 1.7 * history.awareness.mean()
    asked: dict[str, list[bool]] = defaultdict(list)
    for row in history.surveys:
        if row.get("street") and number[row["street"]] in pushed and row["answer"] != "refused":
            asked[str(row["phase"])].append(row["answer"] == "knows")
    assert np.mean(asked["after"]) > 1.3 * np.mean(asked["before"])


def test_answers_are_honest_draws_of_the_truth() -> None:
    """Over many histories the answers at streets never pushed follow their awareness (z-score of the sum)."""
    number = {street: k for k, street in enumerate(GROUND.street)}
    knows = expected = variance = 0.0
    for seed in range(16):
        made = make_history(GROUND, crews=20, last=LAST, rng=np.random.default_rng([3, seed]))
        pushed = {row["street"] for row in made.effort}
        near = {GROUND.street[k] for s in pushed for k in GROUND.adjacency[[number[s]]].indices}
        first: set[object] = set()
        for row in made.surveys:  # the first five of a measurement: what follows depends on them
            street = row.get("street")
            if (
                street
                and street not in pushed | near
                and row["answer"] != "refused"
                and row["measurement"] not in first
            ):
                first.add(row["measurement"])
                day = DAYS - 1 - (LAST - datetime.fromisoformat(str(row["asked_at"])).date()).days
                share = made.awareness[number[street]] / 0.97 ** (DAYS - day)
                knows += row["answer"] == "knows"
                expected += share
                variance += share * (1 - share)
    assert variance > 40
    assert abs(knows - expected) < 4 * variance**0.5


def test_every_measurement_stops_when_the_card_decides_and_within_two_hours(history: History) -> None:
    sittings: dict[object, list[dict[str, object]]] = defaultdict(list)
    for row in history.surveys:
        sittings[row["measurement"]].append(row)
    assert len(sittings) > 60
    for rows in sittings.values():
        answers = [row["answer"] == "knows" for row in rows if row["answer"] != "refused"]
        assert R50.decide(answers[:-1]).verdict is Verdict.ASK_MORE
        times = [datetime.fromisoformat(str(row["asked_at"])) for row in rows]
        assert times == sorted(times)
        assert times[-1] - times[0] < timedelta(hours=2)
        assert len({row["promoter"] for row in rows}) >= 2


def test_nobody_asks_more_than_five_at_a_corner_in_twenty_minutes_nor_in_two_places_at_once(history: History) -> None:
    at_corner: dict[tuple[object, ...], list[datetime]] = defaultdict(list)
    for row in history.surveys:
        moment = datetime.fromisoformat(str(row["asked_at"]))
        at_corner[row["measurement"], row["promoter"], row["cluster"]].append(moment)
    for times in at_corner.values():
        assert all(later - earlier > timedelta(minutes=20) for earlier, later in zip(times, times[5:], strict=False))
    busy = Counter((row["promoter"], row["asked_at"]) for row in history.surveys)
    assert max(busy.values()) == 1


def test_only_members_of_the_day_ask_and_every_crew_keeps_its_people(history: History) -> None:
    members = {row["promoter"]: row for row in history.promoters}
    for row in history.surveys:
        day, member = str(row["asked_at"])[:10], members[row["promoter"]]
        assert str(member["from"]) <= day
        assert not member["until"] or day < str(member["until"])
    present = Counter(row["crew"] for row in history.promoters if not row["until"])
    assert {row["crew"]: row["people"] for row in history.crews} == dict(present)
    assert any(row["until"] for row in history.promoters)


def test_small_streets_have_no_test_of_their_own(history: History) -> None:
    people = dict(zip(GROUND.street, GROUND.people, strict=True))
    assert min(people[row["street"]] for row in history.surveys if row.get("street")) >= 200


def test_homes_of_those_asked_at_a_point_are_streets_around_it(history: History) -> None:
    around = {
        (round(lon, 7), round(lat, 7)): {GROUND.street[k] for k in members} for lon, lat, members in GROUND.points
    }
    at_points = [row for row in history.surveys if row.get("lon")]
    assert len(at_points) > 100
    for row in at_points:
        assert not row["home_street"] or row["home_street"] in around[row["lon"], row["lat"]]
