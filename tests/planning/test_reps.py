"""Reps and sellers: the flow finds what trying everything finds, each price pulls its way, and the cap holds."""

from itertools import product

import numpy as np
import pytest

from fieldops.ids import RepId
from fieldops.planning.reps import Charge, Prices, assign_reps
from fieldops.recruiting.care import Rep
from fieldops.recruiting.sources import Group

CAP = 35


def rep(name: str, **more: object) -> Rep:
    return Rep(RepId(name), str(more.pop("base", "B")), **more)  # type: ignore[arg-type]


def test_the_flow_is_as_cheap_as_the_best_of_all_answers_tried_one_by_one() -> None:
    rng = np.random.default_rng(5)
    for _ in range(30):
        reps = [
            rep(f"R{j}", base=f"B{rng.integers(2)}", lon=float(rng.uniform(0, 0.2)), lat=float(rng.uniform(0, 0.2)))
            for j in range(3)
        ]
        charges = [
            Charge(f"c{i}", rng.choice([Group.LARGE, Group.SMALL, None]), "", f"B{rng.integers(2)}",
                   float(rng.uniform(0, 0.2)), float(rng.uniform(0, 0.2)))
            for i in range(5)
        ]  # fmt: skip
        cap, cares = 2, {"R0": int(rng.integers(3))}
        found = assign_reps(charges, reps, cares, cap)
        assert found.proven
        best = np.inf
        for answer in product([*range(3), -1], repeat=5):
            loads = [cares.get(f"R{j}", 0) + answer.count(j) for j in range(3)]
            if max(loads) > cap and any(loads[j] > cap and answer.count(j) for j in range(3)):
                continue
            best = min(best, whole_price(charges, reps, cares, cap, answer))
        assert found.price == pytest.approx(best, abs=0.02)


def whole_price(
    charges: list[Charge], reps: list[Rep], cares: dict[str, int], cap: int, answer: tuple[int, ...]
) -> float:
    """The price of one answer, worked out apart from the code under test."""
    total, prices = 0.0, Prices()
    for one, j in zip(charges, answer, strict=True):
        if j < 0:
            total += 1000.0 if one.group in (Group.LARGE, Group.PART_TIME) else 500.0
            continue
        assert one.lon is not None
        assert one.lat is not None
        assert reps[j].lon is not None
        east = (one.lon - reps[j].lon) * np.cos(np.radians(one.lat))  # type: ignore[operator]
        total += min(50.0, np.hypot(east, one.lat - reps[j].lat) * 111.32)  # type: ignore[operator]
        total += 5.0 * (one.base != reps[j].base)
    for j, one_rep in enumerate(reps):
        start = cares.get(one_rep.id, 0)
        total += sum(prices.full_load * k / (cap - 1) for k in range(start, start + answer.count(j)))
    return total


def test_no_rep_gets_a_36th_seller_and_the_first_groups_are_served_first() -> None:
    charges = [Charge(f"c{i}", Group.SMALL if i < 40 else Group.PART_TIME) for i in range(80)]
    found = assign_reps(charges, [rep("R"), rep("Q")], {"Q": 30}, CAP)
    assert found.loads == {"R": 35, "Q": 35}
    assert found.unserved == 40
    served = [one.charge for one in found.choices if one.rep]
    assert served == [f"c{i}" for i in range(40, 80)]
    assert {one.reasons for one in found.choices if not one.rep} == {("no_room",)}


def test_alike_reps_fill_evenly() -> None:
    found = assign_reps([Charge(f"c{i}") for i in range(30)], [rep("R"), rep("Q"), rep("P")], {"R": 9}, CAP)
    assert max(found.loads.values()) - min(found.loads.values()) <= 1


@pytest.mark.parametrize(
    ("charge", "better", "worse", "reason"),
    [
        (Charge("c", base="A"), rep("R", base="A"), rep("Q", base="B"), "same_base"),
        (Charge("c", language="ug"), rep("R", languages=frozenset({"zh", "ug"})), rep("Q"), "language"),
        (Charge("c", Group.LARGE), rep("R", groups=frozenset({Group.LARGE})), rep("Q", groups=frozenset({Group.SMALL})), "group"),
        (Charge("c", lon=0.0, lat=0.0), rep("R", lon=0.01, lat=0.0), rep("Q", lon=0.1, lat=0.0), "nearest"),
    ],
)  # fmt: skip
def test_each_thing_that_counts_pulls_its_way_and_is_named(
    charge: Charge, better: Rep, worse: Rep, reason: str
) -> None:
    (choice,) = assign_reps([charge], [worse, better], {}, CAP).choices
    assert choice.rep == better.id
    assert reason in choice.reasons


def test_who_is_sent_further_because_the_nearest_is_full_is_told_so() -> None:
    reps = [rep("near", lon=0.0, lat=0.0), rep("far", lon=0.2, lat=0.0)]
    (choice,) = assign_reps([Charge("c", lon=0.0, lat=0.0)], reps, {"near": CAP}, CAP).choices
    assert (choice.rep, choice.better) == ("far", "near")
    assert "nearest_is_full" in choice.reasons


def test_without_reps_or_sellers_nothing_is_assigned_and_nothing_fails() -> None:
    assert assign_reps([], [rep("R")], {}, CAP).choices == ()
    assert assign_reps([Charge("c")], [], {}, CAP).unserved == 1
