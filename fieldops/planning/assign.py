"""
The solver: prices and their proven bound, a lawful rounding, then neighbourhoods until the gap, the clock or the user.

1. `find_prices` proves a bound over all pairs. 2. `Search.round_prices` gives a lawful start. 3. `refill_crew` exchanges
streets of one crew with free ones, exactly. 4. A few neighbouring crews that lose most against the bound are opened
together and solved anew by CP-SAT, whose answer is taken where it is better. 5. A small problem is one neighbourhood:
CP-SAT then searches all of it and may close the gap or lower the bound.
"""

from itertools import pairwise

import numpy as np
from ortools.sat.python import cp_model

from fieldops.clock import Stopwatch
from fieldops.planning.assignment import NOBODY, Assignment, AssignmentProblem, FloatArray, IntArray
from fieldops.planning.knapsack import refill_crew
from fieldops.planning.prices import Prices, find_prices
from fieldops.planning.search import Search
from fieldops.progress import Progress, no_progress

SMALL_PAIRS = 10_000
CLOSED = 1e-6  # a relative gap below this is closed
PRICE_SHARE = 0.4  # of the time limit
CREWS_OPENED = 4
PAIRS_OPENED = 900
TRIES_WITHOUT_GAIN = 3  # rounds over all crews after which nothing more is expected
EFFORT = 0.35  # deterministic seconds of CP-SAT for one neighbourhood
PRECISION = 1_000_000  # values are handed to CP-SAT as whole millionths of the largest


def assign(problem: AssignmentProblem, *, time_limit: float, seed: int, progress: Progress = no_progress) -> Assignment:
    """
    Return the best assignment found, with a proven bound.

    Parameters
    ----------
    problem
        What may be given to whom.
    time_limit
        Seconds, > 0; the best answer so far is returned then.
    seed
        The same seed searches in the same order; where the clock ends the search, the answer may still differ.
    progress
        Told stage, objective, bound and gap; the answer False stops the search and keeps the best.

    Returns
    -------
    Assignment
        Lawful always; `status` says why the search ended.
    """
    watch = Stopwatch()
    prices = find_prices(problem, watch, time_limit=PRICE_SHARE * time_limit)
    search = Search(problem, prices)
    search.round_prices()
    run = _Run(search, watch, time_limit, progress, np.random.default_rng(seed), prices.bound)
    if run.goes_on():
        _refill_all(run)
    if len(problem.values) <= SMALL_PAIRS:
        _search_all(run, seed)
    else:
        _search_neighbourhoods(run, seed)
    return run.result(prices)


class _Run:
    """The search with its clock and its listener."""

    def __init__(
        self, search: Search, watch: Stopwatch, limit: float, progress: Progress, rng: np.random.Generator, bound: float
    ) -> None:
        self.search, self.watch, self.limit, self.progress = search, watch, limit, progress
        self.rng, self.bound, self.stopped = rng, bound, False

    @property
    def gap(self) -> float:
        objective = self.search.objective
        return (self.bound - objective) / max(abs(objective), 1e-12) if self.bound > objective else 0.0

    def goes_on(self) -> bool:
        """Report, and say whether there is time, wish and something to gain."""
        if self.stopped:
            return False
        done = min(1.0, self.watch.seconds / self.limit)
        told = self.progress("assigning", done, objective=self.search.objective, bound=self.bound, gap=self.gap)
        self.stopped = not told
        return told and self.watch.seconds < self.limit and self.gap > CLOSED

    def result(self, prices: Prices) -> Assignment:
        objective = self.search.objective
        bound = max(self.bound, objective)
        closed = bound - objective <= CLOSED * max(abs(objective), 1e-12)
        status = "optimal" if closed else "stopped" if self.stopped else "feasible"
        return Assignment(
            self.search.crew_of_street, objective, bound, self.watch.seconds, status, prices.hour, prices.place
        )


def _refill_all(run: _Run) -> None:
    """Refill the crews one by one, those that lose most first, until a round gains nothing."""
    gained = True
    while gained and run.goes_on():
        gained = False
        for crew in np.argsort(-run.search.losses(), kind="stable").tolist():
            gained |= refill_crew(run.search, crew) > 0


def _search_all(run: _Run, seed: int) -> None:
    """Hand the whole problem to CP-SAT with the present answer as its hint; what it proves lowers the bound."""
    while run.goes_on():
        search = run.search
        pairs = np.flatnonzero(search.regret <= max(run.bound - search.objective, 0.0) + 1e-9 * abs(run.bound))
        streets = np.arange(search.problem.streets)
        answer = _solve(run, pairs, streets, seed, seconds=run.limit - run.watch.seconds, effort=None)
        # Pairs left out lose more than there is to gain, so a bound of the rest is a bound of the whole.
        if answer is not None:
            run.bound = min(run.bound, max(answer, search.objective))
        break


def _search_neighbourhoods(run: _Run, seed: int) -> None:
    """Open neighbouring crews together, again and again, drawn by what they lose against the bound."""
    search, idle = run.search, 0
    crews = search.problem.crews
    near = _neighbours(search)
    while run.goes_on() and idle < TRIES_WITHOUT_GAIN * crews:
        losses = search.losses() + 1e-12
        first = int(run.rng.choice(crews, p=losses / losses.sum()))
        opened = _opened_crews(near[first], first, run.rng)
        pairs, streets = _opened_pairs(search, opened)
        before = search.objective
        if len(pairs):
            _solve(run, pairs, streets, seed, seconds=min(2.0, max(0.05, run.limit - run.watch.seconds)), effort=EFFORT)
        idle = 0 if search.objective > before + 1e-9 * abs(before) else idle + 1


def _neighbours(search: Search) -> list[tuple[IntArray, FloatArray]]:
    """Return for each crew the others that want the same streets, with how often they nearly get them."""
    crews = search.problem.crews
    close = search.regret <= np.quantile(search.regret, 0.6) if len(search.regret) else np.zeros(0, dtype=bool)
    pairs = np.flatnonzero(close)
    begins = np.searchsorted(search.street[pairs], np.arange(search.problem.streets + 1))
    together = np.zeros((crews, crews))
    most = int(np.diff(begins).max(initial=0))
    for step in range(1, most):  # pairs of the same street that stand `step` apart
        a, b = pairs[:-step], pairs[step:]
        same = search.street[a] == search.street[b]
        np.add.at(together, (search.crew[a[same]], search.crew[b[same]]), 1.0)
    together += together.T
    return [(np.flatnonzero(row), row[np.flatnonzero(row)]) for row in together]


def _opened_crews(near: tuple[IntArray, FloatArray], first: int, rng: np.random.Generator) -> IntArray:
    others, weight = near
    count = min(CREWS_OPENED - 1, len(others))
    if not count:
        return np.array([first])
    drawn: IntArray = rng.choice(others, size=count, replace=False, p=weight / weight.sum())
    return np.append(drawn, first)


def _opened_pairs(search: Search, crews: IntArray) -> tuple[IntArray, IntArray]:
    """Return the pairs of least regret among streets that these crews hold or nobody holds, and those streets."""
    pairs = np.concatenate([search.pairs_of[crew] for crew in crews.tolist()])
    held = search.held[search.street[pairs]]
    mine = (held == NOBODY) | np.isin(search.crew[held], crews)
    pairs = pairs[mine]
    if len(pairs) > PAIRS_OPENED:
        taken = search.held[search.street[pairs]] == pairs
        order = np.argsort(np.where(taken, -1.0, search.regret[pairs]), kind="stable")
        pairs = pairs[order[:PAIRS_OPENED]]
    pairs = np.sort(pairs)
    return pairs, np.unique(search.street[pairs])


def _solve(
    run: _Run, pairs: IntArray, streets: IntArray, seed: int, *, seconds: float, effort: float | None
) -> float | None:
    """Solve the opened part by CP-SAT, take a better answer, and return a proven bound of the part, None without one."""
    search = run.search
    street, crew = search.street[pairs], search.crew[pairs]
    taken = search.held[street] == pairs
    hours_left, places_left = search.hours_left.copy(), search.places_left.copy()
    np.add.at(hours_left, crew[taken], search.hours[pairs[taken]])
    np.add.at(places_left, crew[taken], 1)
    largest = float(np.abs(search.values[pairs]).max(initial=0.0)) or 1.0
    unit = 1.0 if search.is_whole and largest < 1e9 else largest / PRECISION
    worth = np.floor(search.values[pairs] / unit + 1e-9).astype(np.int64)
    scale = search.hour_scale or 10_000
    needs = np.ceil(search.hours[pairs] * scale - 1e-6).astype(np.int64)
    room = np.floor(hours_left * scale + 1e-6).astype(np.int64)
    model = cp_model.CpModel()
    chosen = [model.new_bool_var("") for _ in range(len(pairs))]
    for variables in _grouped(chosen, street):
        model.add_at_most_one(variables)
    for who in np.unique(crew).tolist():
        mine = np.flatnonzero(crew == who)
        variables = [chosen[k] for k in mine.tolist()]
        model.add(cp_model.LinearExpr.weighted_sum(variables, needs[mine].tolist()) <= int(room[who]))
        if len(mine) > places_left[who]:
            model.add(cp_model.LinearExpr.sum(variables) <= int(places_left[who]))
    for variable, now in zip(chosen, taken.tolist(), strict=True):
        model.add_hint(variable, now)
    model.maximize(cp_model.LinearExpr.weighted_sum(chosen, worth.tolist()))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed
    solver.parameters.max_time_in_seconds = max(0.01, seconds)
    if effort is not None:
        solver.parameters.max_deterministic_time = effort
    status = solver.solve(model, _Listener(run) if effort is None else None)
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        better = np.array([solver.boolean_value(variable) for variable in chosen])
        gain = float(search.values[pairs[better]].sum() - search.values[pairs[taken]].sum())
        if gain > 0:
            search.hold(street[taken], np.full(int(taken.sum()), NOBODY))
            search.hold(street[better], pairs[better])
    exact = search.hour_scale > 0  # rounded hours shut out answers, so their bound proves nothing
    slack = 0.0 if unit == 1.0 and search.is_whole else unit * len(streets)
    return solver.best_objective_bound * unit + slack if exact else None


def _grouped(variables: list[cp_model.IntVar], street: IntArray) -> list[list[cp_model.IntVar]]:
    cuts = np.flatnonzero(np.diff(street)) + 1
    edges = [0, *cuts.tolist(), len(variables)]
    return [variables[a:b] for a, b in pairwise(edges) if b - a > 1]


class _Listener(cp_model.CpSolverSolutionCallback):
    """Tells of each better answer and ends the search when asked to."""

    def __init__(self, run: _Run) -> None:
        super().__init__()
        self._run = run

    def on_solution_callback(self) -> None:
        if not self._run.goes_on():
            self.stop_search()
