"""
The past two weeks of a made-up city: crews, a pilot that pushed some streets, and surveys that sampled the truth honestly.

The truth is drawn as of *now*; the weeks before are then run so that they lead to it: awareness fades by the model
(statistics.md 4.2), the pilot's hours raise it, and every answer is one draw from the awareness of its place and day.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from fieldops.awareness.dynamics import Response, next_day
from fieldops.awareness.stopping import R50, Verdict
from fieldops.city.synth.names import Names, numeral

FloatArray = NDArray[np.float64]
Row = dict[str, object]

DAYS = 14  # of history, the last one being the day before the plan
RESPONSE = Response()
ZONE = ZoneInfo("Asia/Shanghai")
_HOURS = (9.5, 11.5, 14.0, 16.0, 18.0)  # when a crew starts to ask: it measures at most five places a day
_SHARE_REFUSING = 0.17
_SURVEYS_PER_CLUSTER = 5  # RULE 9
_LEAST_PEOPLE_OF_A_TEST = 200  # RULE 9


@dataclass(frozen=True, slots=True)
class Ground:
    """
    What the history happens on, streets in one order.

    `points` are connection points as (lon, lat, numbers of the streets whose people pass there). `adjacency` is a
    sparse square matrix of streets that meet.
    """

    street: NDArray[np.object_]
    lon: FloatArray
    lat: FloatArray
    people: FloatArray
    awareness: FloatArray
    response: FloatArray
    adjacency: object
    points: tuple[tuple[float, float, NDArray[np.int64]], ...]


@dataclass(frozen=True, slots=True)
class History:
    """Rows of the four files, and the awareness of every street as it now is, shape (n_streets,)."""

    crews: list[Row]
    promoters: list[Row]
    effort: list[Row]
    surveys: list[Row]
    awareness: FloatArray


def _make_crews(ground: Ground, crews: int, last: date, names: Names, rng: np.random.Generator) -> list[Row]:
    """Return crews that live where people live, the nearest base, and a day off in the coming week for some."""
    home = rng.choice(ground.people.size, crews, p=ground.people / ground.people.sum())
    beside = rng.normal(0, 2e-4, (2, crews))
    bases = rng.choice(ground.people.size, max(1, min(23, crews // 18)), p=ground.people / ground.people.sum())
    rows: list[Row] = []
    for k in range(crews):
        lon, lat = float(ground.lon[home[k]] + beside[0, k]), float(ground.lat[home[k]] + beside[1, k])
        base = int(np.argmin(np.hypot(ground.lon[bases] - lon, ground.lat[bases] - lat)))
        off = last + timedelta(days=int(rng.integers(1, 8)))
        rows.append({
            "crew": f"C{k + 1:03d}", "name": f"{numeral(k + 1) if k < 99 else k + 1}组{names.person()[0]}队", "people": int(rng.integers(2, 6)),
            "hours_per_day": float(rng.choice([4.0, 4.5, 5.0, 5.5])), "home_lon": round(lon, 6), "home_lat": round(lat, 6),
            "base": f"B{base + 1:02d}", "days_off": off.isoformat() if rng.random() < 0.55 else "",
        })  # fmt: skip
    return rows


def _make_promoters(crews: list[Row], last: date, names: Names, rng: np.random.Generator) -> list[Row]:
    """Return the members of each crew and those who have left: turnover is severe."""
    rows: list[Row] = []
    for crew in crews:
        members = int(str(crew["people"]))
        for k in range(members + int(rng.poisson(0.35 * members))):
            since = last - timedelta(days=int(rng.integers(DAYS + 2, 150)))
            until = last - timedelta(days=int(rng.integers(0, DAYS))) if k >= members else None
            rows.append({
                "promoter": f"P{len(rows) + 1:04d}", "crew": crew["crew"], "name": names.person(), "from": since.isoformat(),
                "until": until.isoformat() if until else "",
            })  # fmt: skip
    return rows


def _push(ground: Ground, crews: list[Row], rng: np.random.Generator) -> tuple[FloatArray, dict[int, int]]:
    """
    Return the pilot's hours by day and street, shape (DAYS, n_streets), and the crew of each street it pushed.

    The pilot worked where awareness is highest now: that is why it is.
    """
    hours = np.zeros((DAYS, ground.people.size))
    pilot = np.sort(rng.permutation(len(crews))[: max(1, len(crews) // 4)])
    homes = np.array([[float(str(crews[k]["home_lon"])), float(str(crews[k]["home_lat"]))] for k in pilot])
    left = np.array(
        [DAYS * 0.4 * float(str(crews[k]["people"])) * float(str(crews[k]["hours_per_day"])) for k in pilot]
    )
    wanted = np.flatnonzero((ground.people >= 150) & (ground.awareness > 0.11))
    order = wanted[np.argsort(-ground.awareness[wanted] * np.log(ground.people[wanted]), kind="stable")]
    crew_of: dict[int, int] = {}
    for s in order[: max(2, ground.people.size // 16)].tolist():
        day = int(rng.integers(2, DAYS - 3))
        before = ground.awareness[s] * float(rng.uniform(0.3, 0.6))
        after = min(0.5, ground.awareness[s] / (1 - RESPONSE.delta) ** (DAYS - day))
        need = ground.people[s] / ground.response[s] * float(np.log((1 - before) / (1 - after)))
        near = np.hypot(homes[:, 0] - ground.lon[s], homes[:, 1] - ground.lat[s]) + 1e3 * (left < need)
        k = int(np.argmin(near))
        if left[k] < need or need < 0.5:
            continue
        left[k] -= need
        spread = min(3, 1 + int(need // 12))
        for d in range(day, day + spread):
            hours[d, s] += round(need / spread, 1)
        crew_of[s] = int(pilot[k])
    return hours, crew_of


def _lead_to(ground: Ground, hours: FloatArray) -> FloatArray:
    """Return awareness by morning, shape (DAYS + 1, n_streets), that starts so that it ends (nearly) at the truth."""
    factors = ground.response / RESPONSE.rho
    keep = (1 - RESPONSE.delta) ** DAYS
    start = np.clip(ground.awareness / keep, 0.004, 0.9)
    path = [start]
    for _ in range(3):  # the pushes are many small steps on -log(1 - a): a few corrections of the start suffice
        path = [start]
        for day in range(DAYS):
            path.append(next_day(path[-1], hours[day], ground.people, ground.adjacency, RESPONSE, factors=factors))
        gap = -np.log1p(-ground.awareness) + np.log1p(-path[-1])
        start = np.clip(1 - np.exp(np.log1p(-start) - gap / keep), 0.004, 0.9)
    return np.array(path)


class _Asking:
    """Asks passers-by until the card decides, and writes down each answer."""

    def __init__(self, promoters: list[Row], ground: Ground, last: date, rng: np.random.Generator) -> None:
        self.rows: list[Row] = []
        self._rng, self._ground, self._last = rng, ground, last
        self._measurements = 0
        self._members: dict[str, list[Row]] = {}
        self._taken: dict[tuple[str, int], int] = {}
        for row in promoters:
            self._members.setdefault(str(row["crew"]), []).append(row)

    def free_day(self, crew: str, day: int, step: int) -> int | None:
        """Return the first day from `day` on, forwards or backwards, on which the crew can measure one more place."""
        while 0 <= day < DAYS:
            if self._taken.get((crew, day), 0) < len(_HOURS):
                return day
            day += step
        return None

    def measure(
        self, crew: str, day: int, phase: str, where: Row, homes: NDArray[np.int64], awareness: FloatArray
    ) -> None:
        """Ask at one place within two hours; `homes` are the streets whose people pass, weighted by their people."""
        hour = _HOURS[self._taken.get((crew, day), 0)]
        self._taken[crew, day] = self._taken.get((crew, day), 0) + 1
        rng, ground = self._rng, self._ground
        when = self._last - timedelta(days=DAYS - 1 - day)
        there = [row for row in self._members[crew] if not row["until"] or str(row["until"]) > when.isoformat()]
        team = [there[k] for k in np.sort(rng.permutation(len(there))[: int(rng.integers(2, 4))])]
        weight = ground.people[homes] / ground.people[homes].sum()
        begin = datetime(when.year, when.month, when.day, tzinfo=ZONE) + timedelta(hours=hour)
        self._measurements += 1
        answers: list[bool] = []
        for block in range(12):
            for k in range(_SURVEYS_PER_CLUSTER):
                home = int(rng.choice(homes, p=weight)) if homes.size > 1 else int(homes[0])
                at = begin + timedelta(minutes=9 * block + 1.7 * k, seconds=float(rng.integers(0, 50)))
                refused = rng.random() < _SHARE_REFUSING
                knows = bool(rng.random() < awareness[home])
                row: Row = {
                    "survey_id": f"S{len(self.rows) + 1:06d}", "asked_at": at.isoformat(timespec="seconds"), **where,
                    "answer": "refused" if refused else "knows" if knows else "does_not_know",
                    "promoter": team[block % len(team)]["promoter"], "measurement": f"M{self._measurements:05d}",
                    "home_street": ground.street[home] if homes.size > 1 and not refused and rng.random() < 0.8 else "",
                    "cluster": "ABCD"[block % 4], "phase": phase,
                }  # fmt: skip
                self.rows.append(row)
                if not refused:
                    answers.append(knows)
                if R50.decide(answers).verdict is not Verdict.ASK_MORE:
                    return


def _survey(ground: Ground, crews: list[Row], asking: _Asking, path: FloatArray, pushed: dict[int, list[int]],
            crew_of: dict[int, int], rng: np.random.Generator) -> None:  # fmt: skip
    """Measure pushed streets before and after, other streets at random, and connection points."""
    homes = np.array([[float(str(crew["home_lon"])), float(str(crew["home_lat"]))] for crew in crews])

    def nearest(lon: float, lat: float) -> str:
        return str(crews[int(np.argmin(np.hypot(homes[:, 0] - lon, homes[:, 1] - lat)))]["crew"])

    def ask(crew: str, wanted: int, step: int, phase: str, where: Row, passing: list[int] | NDArray[np.int64]) -> None:
        day = asking.free_day(crew, wanted, step)
        if day is not None:
            asking.measure(crew, day, phase, where, np.asarray(passing), path[day])

    testable = ground.people >= _LEAST_PEOPLE_OF_A_TEST
    for s, days in pushed.items():
        if testable[s]:
            crew, where = str(crews[crew_of[s]]["crew"]), {"street": ground.street[s]}
            ask(crew, days[0], -1, "before", where, [s])
            ask(crew, days[-1] + 1, 1, "after", where, [s])
    others = [s for s in rng.permutation(np.flatnonzero(testable)).tolist() if s not in pushed]
    for s in others[: min(len(others) // 5, 3_000)]:
        crew = nearest(ground.lon[s], ground.lat[s])
        ask(crew, int(rng.integers(DAYS)), 1, "before", {"street": ground.street[s]}, [s])
    for k in rng.permutation(len(ground.points))[: min(len(ground.points) * 2 // 5, 1_500)].tolist():
        lon, lat, members = ground.points[k]
        place: Row = {"lon": round(lon, 7), "lat": round(lat, 7)}
        ask(nearest(lon, lat), int(rng.integers(DAYS)), 1, "before", place, members)


def _effort_rows(ground: Ground, hours: FloatArray, crews: list[Row], crew_of: dict[int, int], last: date,
                 rng: np.random.Generator) -> Iterator[Row]:  # fmt: skip
    for day, s in np.argwhere(hours > 0).tolist():
        worked = float(round(hours[day, s], 1))
        yield {
            "day": (last - timedelta(days=DAYS - 1 - day)).isoformat(), "crew": crews[crew_of[s]]["crew"],
            "street": ground.street[s], "promoter_hours": worked,
            "contacts": int(rng.poisson(max(0.1, 1.35 * ground.response[s] * worked))),
        }  # fmt: skip


def make_history(ground: Ground, *, crews: int, last: date, rng: np.random.Generator) -> History:
    """
    Return crews, promoters, effort and surveys of the two weeks that end with the day `last`.

    Parameters
    ----------
    ground
        Streets and connection points with their truth.
    crews
        Number of crews, >= 1.
    last
        Last day of the history, in the city's zone.
    rng
        Generator that draws.

    Returns
    -------
    History
        `awareness` differs a little from the truth drawn where the pilot's hours spilled over into a street of which
        nearly nobody knows: it is what the rows led to.
    """
    naming, force, pilot, field = rng.spawn(4)
    names = Names(naming)
    crew_rows = _make_crews(ground, crews, last, names, force)
    promoters = _make_promoters(crew_rows, last, names, force)
    hours, crew_of = _push(ground, crew_rows, pilot)
    path = _lead_to(ground, hours)
    pushed = {s: np.flatnonzero(hours[:, s]).tolist() for s in crew_of}
    asking = _Asking(promoters, ground, last, field)
    _survey(ground, crew_rows, asking, path, pushed, crew_of, field)
    effort = list(_effort_rows(ground, hours, crew_rows, crew_of, last, pilot))
    return History(crew_rows, promoters, effort, asking.rows, path[-1])
