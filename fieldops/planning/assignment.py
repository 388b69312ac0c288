"""The assignment as pure arrays: which crew takes which street, with the proven bound on what any answer could reach."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fieldops.errors import BadInput

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
NOBODY = -1


@dataclass(frozen=True, slots=True, eq=False, init=False)
class AssignmentProblem:
    """
    Streets, crews, and what each lawful pair of them is worth and takes; held sorted by street, then crew.

    A street goes to at most one crew, whole; a crew's streets take at most its hours and number at most its cap.
    Pairs that are not listed are forbidden.

    Attributes
    ----------
    street, crew
        The pairs, shape (n_pairs,), whole numbers from 0 on.
    values
        What the street is worth when this crew takes it, shape (n_pairs,); any sign.
    hours
        Promoter-hours that it takes of this crew, shape (n_pairs,), >= 0.
    capacities
        Promoter-hours of each crew, shape (n_crews,), >= 0.
    max_streets
        Most streets of each crew, shape (n_crews,); the number of streets where there is no cap.
    streets
        Number of streets, those without any pair included.
    """

    street: IntArray
    crew: IntArray
    values: FloatArray
    hours: FloatArray
    capacities: FloatArray
    max_streets: IntArray
    streets: int

    def __init__(
        self,
        values: ArrayLike,
        hours: ArrayLike,
        capacities: ArrayLike,
        pairs: ArrayLike,
        max_streets: ArrayLike | None = None,
        *,
        streets: int | None = None,
    ) -> None:
        """
        Pose the problem.

        Parameters
        ----------
        values, hours
            One number a pair, in the order of `pairs`.
        capacities
            One number a crew.
        pairs
            One row (street, crew) a pair, shape (n_pairs, 2).
        max_streets
            One number, or one a crew; None where there is no cap.
        streets
            Number of streets; by default the largest street of a pair and one.

        Raises
        ------
        BadInput
            If shapes disagree, a number is not finite or negative where it may not be, a pair stands twice, or names
            a crew or street that is not there.
        """
        rows = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
        capacity = np.asarray(capacities, dtype=np.float64).ravel()
        value = np.asarray(values, dtype=np.float64).ravel()
        hour = np.asarray(hours, dtype=np.float64).ravel()
        count = int(rows[:, 0].max(initial=-1)) + 1 if streets is None else streets
        caps = np.full(len(capacity), count) if max_streets is None else np.asarray(max_streets, dtype=np.int64)
        _refuse(rows, value, hour, capacity, caps, count)
        order = np.lexsort((rows[:, 1], rows[:, 0]))
        rows, value, hour = rows[order], value[order], hour[order]
        twice = np.flatnonzero((rows[1:] == rows[:-1]).all(axis=1))
        if len(twice):
            raise BadInput(f"the pair {tuple(rows[twice[0]].tolist())} stands twice", field="pairs")
        columns: tuple[tuple[str, FloatArray | IntArray], ...] = (
            ("street", rows[:, 0]), ("crew", rows[:, 1]), ("values", value), ("hours", hour), ("capacities", capacity),
            ("max_streets", np.broadcast_to(caps, capacity.shape)),
        )  # fmt: skip
        for name, array in columns:
            kept = np.array(array, order="C")
            kept.flags.writeable = False
            object.__setattr__(self, name, kept)
        object.__setattr__(self, "streets", count)

    @property
    def crews(self) -> int:
        """Return the number of crews."""
        return len(self.capacities)

    @property
    def is_whole(self) -> bool:
        """Whether every value is a whole number: then so is every objective, and bounds round down."""
        return bool((self.values == np.rint(self.values)).all())


def _refuse(
    rows: IntArray, values: FloatArray, hours: FloatArray, capacities: FloatArray, caps: IntArray, streets: int
) -> None:
    for name, array in (("values", values), ("hours", hours)):
        if len(array) != len(rows):
            raise BadInput(f"{len(array)} numbers for {len(rows)} pairs", field=name)
    for name, array in (("values", values), ("hours", hours), ("capacities", capacities)):
        if not np.isfinite(array).all():
            raise BadInput("a number is not finite", field=name)
    for name, array in (("hours", hours), ("capacities", capacities), ("max_streets", caps.astype(np.float64))):
        if (array < 0).any():
            raise BadInput("a number is negative", field=name)
    if caps.ndim and caps.shape != capacities.shape:
        raise BadInput(f"{caps.size} caps for {len(capacities)} crews", field="max_streets")
    if len(rows) and not ((rows >= 0) & (rows < [streets, len(capacities)])).all():
        raise BadInput("a pair names a street or crew that is not there", field="pairs")


@dataclass(frozen=True, slots=True, eq=False)
class Assignment:
    """
    Who takes which street, and how far from the best this can be at most.

    `bound` is proven: no lawful assignment of the very problem that was posed (its pairs, hours, caps) has a larger
    objective. It follows from prices by weak duality, tightened where the solver exhausted the rest.

    Attributes
    ----------
    crew_of_street
        Crew of each street, shape (n_streets,), -1 where nobody takes it.
    objective
        Sum of the values of the pairs taken.
    bound
        No assignment exceeds it; >= objective.
    seconds
        Wall time used.
    status
        `optimal` (the gap is closed), `feasible` (the time was used, or nothing more was found), or `stopped` (by the user).
    hour_price, place_price
        What one more hour, one more place under the cap, would be worth to each crew, shape (n_crews,), >= 0.
    street_price
        What each street is worth where crews take few streets each and whole ones are packed, shape (n_streets,), >= 0; None
        where they were not.
    """

    crew_of_street: IntArray
    objective: float
    bound: float
    seconds: float
    status: str
    hour_price: FloatArray = field(repr=False)
    place_price: FloatArray = field(repr=False)
    street_price: FloatArray | None = field(default=None, repr=False)

    @property
    def gap(self) -> float:
        """Return (bound - objective) / objective: 0 where the gap is closed, inf where the objective is not positive."""
        missing = self.bound - self.objective
        if missing <= 0:
            return 0.0
        return missing / self.objective if self.objective > 0 else float("inf")
