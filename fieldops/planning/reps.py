"""
Which rep looks after which seller: a minimum-cost flow, so that the answer is the best there is (no gap).

Everything is priced in kilometres: the way between rep and seller, another base, a language that the rep does not speak, a
group that the rep does not know best, and the load, whose price rises with every seller so that reps fill evenly.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from ortools.graph.python import min_cost_flow

from fieldops.errors import BadInput
from fieldops.recruiting.care import Rep
from fieldops.recruiting.sources import PRIORITY_GROUPS, Group
from fieldops.said import Said

NOBODY = -1
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_METRES_A_DEGREE = 111_320.0
_PRICE = 1000  # whole units a kilometre: metres
_MOST_PAIRS = 3_000_000


@dataclass(frozen=True, slots=True)
class Prices:
    """What each thing is worth in kilometres of way between rep and seller."""

    other_base: float = 5.0
    language: float = 20.0
    group: float = 3.0
    full_load: float = 5.0  # the last place of a full rep against the first of an idle one
    farthest: float = 50.0  # beyond, no kilometre counts
    unserved: float = 500.0
    unserved_priority: float = 1000.0  # groups 1 and 4


@dataclass(frozen=True, slots=True)
class Charge:
    """Somebody to look after: group, language, base, and position in degrees WGS-84 (None where unknown)."""

    id: str
    group: Group | None = None
    language: str = ""
    base: str | None = None
    lon: float | None = None
    lat: float | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """
    One charge's rep (None: nobody has room), and why.

    `way_km` is the straight distance, None where a position is unknown; `reasons` are codes: same_base, language, group,
    nearest, nearest_is_full (a better one by these prices had no place left or is needed more by others), no_room.
    """

    charge: str
    rep: str | None
    way_km: float | None
    price: float
    reasons: tuple[str, ...]
    better: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """All choices with their whole price in kilometres; `proven` says that no other answer is cheaper."""

    choices: tuple[Choice, ...]
    price: float
    unserved: int
    loads: dict[str, int]
    proven: bool


def assign_reps(
    charges: Sequence[Charge], reps: Sequence[Rep], cares: Mapping[str, int], cap: int, prices: Prices | None = None
) -> Answer:
    """
    Return who looks after whom.

    Parameters
    ----------
    charges
        Sellers without a rep.
    reps
        Reps at work.
    cares
        Sellers that each rep has in care already.
    cap
        Most sellers of a rep (rule 18).
    prices
        What counts how much.

    Raises
    ------
    BadInput
        If there are more pairs than one flow can hold.
    """
    prices = prices or Prices()
    if len(charges) * max(1, len(reps)) > _MOST_PAIRS:
        raise BadInput(
            Said("%(count)s sellers and %(count2)s reps at once", count=len(charges), count2=len(reps)),
            cure="assign the oldest first: --most 5000",
        )
    ways, pair_prices = _pair_prices(charges, reps, prices)
    chosen, proven = _flow(charges, reps, cares, cap, pair_prices, prices)
    loads: dict[str, int] = {rep.id: cares.get(rep.id, 0) + int((chosen == j).sum()) for j, rep in enumerate(reps)}
    choices = tuple(_explain(i, charges, reps, chosen, ways, pair_prices, prices) for i in range(len(charges)))
    load_price = sum(_load_price(k, cap, prices) for rep in reps for k in range(cares.get(rep.id, 0), loads[rep.id]))
    return Answer(
        choices, sum(one.price for one in choices) + load_price, sum(one.rep is None for one in choices), loads, proven
    )


def _load_price(place: int, cap: int, prices: Prices) -> float:
    """Return the price of a rep's next seller where `place` are in care already."""
    return prices.full_load * place / max(1, cap - 1)


def _pair_prices(charges: Sequence[Charge], reps: Sequence[Rep], prices: Prices) -> tuple[FloatArray, FloatArray]:
    """Return the way in km (nan where unknown) and the price of every pair, shape (charges, reps)."""
    where = np.array([[one.lon, one.lat] for one in charges], dtype=np.float64).reshape(-1, 2)
    homes = np.array([[one.lon, one.lat] for one in reps], dtype=np.float64).reshape(-1, 2)
    scale = np.cos(np.deg2rad(np.nan_to_num(where[:, 1:2])))
    east = (where[:, 0:1] - homes[None, :, 0].reshape(1, -1)) * scale
    north = where[:, 1:2] - homes[None, :, 1].reshape(1, -1)
    ways = np.hypot(east, north) * _METRES_A_DEGREE / 1000
    price = np.minimum(np.nan_to_num(ways, nan=0.0), prices.farthest)
    for j, rep in enumerate(reps):
        for i, one in enumerate(charges):
            price[i, j] += prices.other_base * (one.base is not None and one.base != rep.base)
            price[i, j] += prices.language * (bool(one.language) and one.language not in rep.languages)
            price[i, j] += prices.group * (bool(rep.groups) and one.group not in rep.groups)
    return ways, price


def _flow(
    charges: Sequence[Charge],
    reps: Sequence[Rep],
    cares: Mapping[str, int],
    cap: int,
    pair_prices: FloatArray,
    prices: Prices,
) -> tuple[IntArray, bool]:
    """Return the rep of each charge by minimum-cost flow: charge -> rep -> its places -> sink, or charge -> nobody."""
    n, m = len(charges), len(reps)
    chosen = np.full(n, NOBODY, dtype=np.int64)
    if not n:
        return chosen, True
    flow = min_cost_flow.SimpleMinCostFlow()
    sink, nobody = n + m, n + m + 1
    pairs = np.indices((n, m)).reshape(2, -1)
    if m:
        flow.add_arcs_with_capacity_and_unit_cost(
            pairs[0].astype(np.int32), (n + pairs[1]).astype(np.int32), np.ones(n * m, dtype=np.int64),
            np.rint(pair_prices.reshape(-1) * _PRICE).astype(np.int64),
        )  # fmt: skip
    for i, one in enumerate(charges):
        lost = prices.unserved_priority if one.group in PRIORITY_GROUPS else prices.unserved
        flow.add_arc_with_capacity_and_unit_cost(i, nobody, 1, round(lost * _PRICE))
        flow.set_node_supply(i, 1)
    flow.add_arc_with_capacity_and_unit_cost(nobody, sink, n, 0)
    for j, rep in enumerate(reps):
        for place in range(cares.get(rep.id, 0), min(cap, cares.get(rep.id, 0) + n)):
            cost = round(_load_price(place, cap, prices) * _PRICE)
            flow.add_arc_with_capacity_and_unit_cost(n + j, sink, 1, cost)
    flow.set_node_supply(sink, -n)
    status = flow.solve()
    flows = flow.flows(np.arange(n * m, dtype=np.int64)) if m else np.zeros(0, dtype=np.int64)
    taken = np.flatnonzero(flows)
    chosen[pairs[0][taken]] = pairs[1][taken]
    return chosen, status == flow.OPTIMAL


def _explain(
    i: int, charges: Sequence[Charge], reps: Sequence[Rep], chosen: IntArray, ways: FloatArray, pair_prices: FloatArray,
    prices: Prices,
) -> Choice:  # fmt: skip
    one, j = charges[i], int(chosen[i])
    if j == NOBODY:
        lost = prices.unserved_priority if one.group in PRIORITY_GROUPS else prices.unserved
        return Choice(one.id, None, None, lost, ("no_room",))
    rep, way = reps[j], float(ways[i, j])
    best = int(pair_prices[i].argmin())
    cheaper = reps[best].id if pair_prices[i, best] < pair_prices[i, j] - 1e-9 else None
    reasons = [
        word for word, holds in (
            ("same_base", one.base is not None and one.base == rep.base),
            ("language", bool(one.language) and one.language != "zh" and one.language in rep.languages),
            ("group", bool(rep.groups) and one.group in rep.groups),
            ("nearest", cheaper is None and np.isfinite(way)),
            ("nearest_is_full", cheaper is not None),
        ) if holds
    ]  # fmt: skip
    return Choice(
        one.id,
        rep.id,
        way if np.isfinite(way) else None,
        float(pair_prices[i, j]),
        tuple(reasons or ["lightest_load"]),
        cheaper,
    )
