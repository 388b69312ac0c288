"""
Are the answers real? Exact tests of counts, orders and traces, and promoters ranked by reasons to look closer.

A flag only sends a verifier: among many honest promoters some are flagged by chance every week. Nothing here sanctions
anybody, and quarantine is an act of a person (rule 13).
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import groupby, pairwise
from typing import Self

import numpy as np
import numpy.typing as npt

from fieldops.awareness import R50
from fieldops.errors import BadInput
from fieldops.ids import MeasurementId, PromoterId, TriangleId
from fieldops.said import Said

INTERVIEWER_ICC = 0.03  # Statistics Canada review 2022: how alike answers to one interviewer are
SHORTEST_GAP = timedelta(seconds=20)
MOST_AN_HOUR = 40
LEAST_GAP_VARIATION = 0.3
LEAST_GPS_SPREAD_M = 5.0
_RUN = 10  # surveys over which gaps and positions are looked at
_LEAST_OTHERS = 20  # surveys of others in the same triangle on the same day, to compare with
_LEAST_ELSEWHERE = 40  # surveys of the same phase in which the promoter has no part, to compare with
_PLACES_ICC = 0.1  # how alike answers at one place are: places differ more than interviewers
_FLAG = 0.01
_FLAG_Z = 3.0
_SURE = 1e-12

FloatArray = npt.NDArray[np.float64]


# ── exact tests ─────────────────────────────────────────────────────────────────────────────────────────────────────


def compare_counts(knows1: int, asked1: int, knows2: int, asked2: int) -> float:
    """
    Return how likely honest counts differ so much: small where the first share is too high for the second.

    One-sided hypergeometric mid-p, P(X > s1) + P(X = s1) / 2 with X ~ Hyp(n1 + n2, s1 + s2, n1).

    Parameters
    ----------
    knows1, asked1
        What the promoter reported.
    knows2, asked2
        What the blind re-survey found.

    Raises
    ------
    BadInput
        If more people know than were asked.
    """
    for knows, asked in ((knows1, asked1), (knows2, asked2)):
        if not 0 <= knows <= asked:
            raise BadInput(f"{knows} of {asked} asked cannot know")
    ways = [
        math.comb(asked1, x) * math.comb(asked2, knows1 + knows2 - x)
        for x in range(knows1, min(asked1, knows1 + knows2) + 1)
    ]
    # Exact integers up to the one division.
    return (2 * sum(ways) - ways[0]) / (2 * math.comb(asked1 + asked2, knows1 + knows2))


def runs_test(answers: Sequence[bool]) -> float:
    """
    Return P(at least so many runs) among all orders of these answers: small where they alternate too neatly.

    Exact for every share, because given the counts every order is equally likely (Wald & Wolfowitz 1940).
    """
    asked, knows = len(answers), sum(answers)
    if knows in (0, asked):
        return 1.0
    runs = 1 + sum(a != b for a, b in pairwise(map(bool, answers)))
    ways = sum(_orders_with_runs(knows, asked - knows, r) for r in range(runs, asked + 1))
    return ways / math.comb(asked, knows)


def _orders_with_runs(ones: int, zeros: int, runs: int) -> int:
    half = runs // 2
    if runs % 2 == 0:
        return 2 * math.comb(ones - 1, half - 1) * math.comb(zeros - 1, half - 1)
    return math.comb(ones - 1, half) * math.comb(zeros - 1, half - 1) + (
        math.comb(ones - 1, half - 1) * math.comb(zeros - 1, half)
    )


def evenness_test(answers: Sequence[bool]) -> float:
    """
    Return P(Q <= q) among all orders, Q the sum of squared gaps of "no" (ends included): small where "knows" is too even.

    Exact, by counting compositions of the noes into gaps. It catches what counts runs misses: every fifth knows.
    """
    asked, knows = len(answers), sum(answers)
    if knows in (0, asked):
        return 1.0
    gaps = [len(list(group)) for known, group in groupby(map(bool, answers)) if not known]
    ways = _squares_of_gaps(knows + 1, asked - knows)
    return float(ways[: sum(gap * gap for gap in gaps) + 1].sum() / ways.sum())


@cache
def _squares_of_gaps(gaps: int, noes: int) -> FloatArray:
    """Return the number of ways to split `noes` into so many gaps, by the sum of their squares, shape (noes^2 + 1,)."""
    ways = np.zeros((noes + 1, noes * noes + 1))
    ways[0, 0] = 1.0
    for _ in range(gaps):
        after = ways.copy()  # a gap of 0
        for gap in range(1, noes + 1):
            after[gap:, gap * gap :] += ways[: noes + 1 - gap, : noes * noes + 1 - gap * gap]
        ways = after
    return np.asarray(ways[noes])


def promoter_score(
    knows: npt.ArrayLike, asked: npt.ArrayLike, expected: npt.ArrayLike, icc: float = INTERVIEWER_ICC
) -> float:
    """
    Return the promoter's funnel score z over places; |z| > 3 stands out among those who asked at the same places.

    z = sum(s - n p) / sqrt(sum n p (1 - p) (1 + (n - 1) icc)).

    Parameters
    ----------
    knows, asked
        The promoter's counts by place and day.
    expected
        Share that others found there on that day, in (0, 1).
    icc
        How alike answers to one interviewer are.

    Raises
    ------
    BadInput
        If a count or a share is impossible.
    """
    s, n, p = np.broadcast_arrays(*(np.asarray(value, dtype=float) for value in (knows, asked, expected)))
    if np.any((s < 0) | (s > n)) or np.any((p <= 0) | (p >= 1)) or not 0 <= icc <= 1:
        raise BadInput("counts, expected shares or icc are impossible")
    variance = float(np.sum(n * p * (1 - p) * (1 + np.maximum(n - 1, 0) * icc)))
    return float(np.sum(s - n * p)) / math.sqrt(variance) if variance else 0.0


def detection_probability(fabricated_share: float, rechecked: int) -> float:
    """Return the probability that re-asking so many answers finds at least one made-up one: 1 - (1 - f)^m."""
    if not 0 <= fabricated_share <= 1 or rechecked < 0:
        raise BadInput(f"a share of {fabricated_share} and {rechecked} rechecked answers cannot be")
    return 1.0 - (1.0 - fabricated_share) ** rechecked


def stop_pattern(stops: int, chances: Sequence[float]) -> float:
    """
    Return the probability of at least `stops` successes in trials of these chances, exactly (Poisson-binomial).

    For tests that moved on at the very first look: `chances` are what honest answers give; see `first_look_chance`.
    """
    ways = np.array([1.0])
    for chance in chances:
        ways = np.convolve(ways, [1.0 - chance, chance])
    return float(ways[stops:].sum())


@cache
def first_look_chance(share: float) -> float:
    """Return the probability that R50 moves on at its first look of 10 surveys where `share` of the people know."""
    look, least = R50.looks[0], R50.move_on_at_least[0]
    return sum(math.comb(look, k) * share**k * (1 - share) ** (look - k) for k in range(least, look + 1))


def combine_p(values: Sequence[float]) -> float:
    """Return Fisher's combined p of independent tests; conservative where they are discrete, as these are."""
    if not values:
        return 1.0
    half = -sum(math.log(max(value, _SURE)) for value in values)
    terms = np.cumsum(np.log(half / np.arange(1, len(values)))) if half > 0 else np.full(len(values) - 1, -np.inf)
    return min(1.0, float(np.exp(-half) + np.exp(terms - half).sum()))


# ── reasons to look closer ──────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Handed:
    """One survey as a promoter handed it in; `knows` is None for a refusal; the position counts only with its accuracy."""

    promoter: PromoterId
    measurement: MeasurementId
    triangle: TriangleId | None
    asked_at: datetime
    knows: bool | None
    lon: float | None = None
    lat: float | None = None
    accuracy_m: float | None = None
    device_time: datetime | None = None
    phase: str = "unknown"  # of the measurement: on arrival, or after a push


@dataclass(frozen=True, slots=True)
class Reason:
    """Why to look closer: a code, the facts in words, and the probability that honest work gives as much (or None)."""

    code: str
    text: str
    probability: float | None = None

    @property
    def weight(self) -> float:
        """Return how much it counts: tens of odds, 1 for a trace without a probability."""
        return 1.0 if self.probability is None else -math.log10(max(self.probability, _SURE))


@dataclass(frozen=True, slots=True)
class Suspect:
    """A promoter whose surveys somebody should verify, with the reasons, heaviest first."""

    promoter: PromoterId
    asked: int
    knows: int
    reasons: tuple[Reason, ...]

    @property
    def score(self) -> float:
        """Return the sum of the reasons' weights."""
        return sum(reason.weight for reason in self.reasons)


def rank_suspects(
    surveys: Iterable[Handed], *, expected: float, rechecked: Mapping[MeasurementId, tuple[int, int]]
) -> list[Suspect]:
    """
    Return the promoters with a reason to look closer, heaviest first.

    Parameters
    ----------
    surveys
        Of a period, of all promoters, in the order asked within each promoter.
    expected
        Awareness of the city, for places where nobody else asked.
    rechecked
        Measurement -> (knows, asked) that a blind re-survey found.
    """
    by_promoter: dict[PromoterId, list[Handed]] = defaultdict(list)
    there: Counter[tuple[object, object]] = Counter()
    known: Counter[tuple[object, object]] = Counter()
    for one in surveys:
        by_promoter[one.promoter].append(one)
        if one.knows is not None:
            there[one.triangle, one.asked_at.date()] += 1
            known[one.triangle, one.asked_at.date()] += one.knows
    suspects: list[Suspect] = []
    apart = _Apart.of(one for handed in by_promoter.values() for one in handed if one.knows is not None)
    for promoter, handed in by_promoter.items():
        answered = [one for one in handed if one.knows is not None]
        counts = [*_reasons_of_counts(answered, there, known), *apart.reasons(answered)]
        reasons = [
            *sorted(counts, key=lambda reason: -reason.weight)[:1],  # both weigh the same answers
            *_reasons_of_orders(answered, expected, rechecked),
            *_reasons_of_traces(handed),
        ]
        if reasons:
            reasons.sort(key=lambda reason: -reason.weight)
            suspects.append(Suspect(promoter, len(answered), sum(bool(one.knows) for one in answered), tuple(reasons)))
    return sorted(suspects, key=lambda one: (-one.score, one.promoter))


def _reasons_of_counts(
    answered: Sequence[Handed], there: Counter[tuple[object, object]], known: Counter[tuple[object, object]]
) -> list[Reason]:
    """Compare with what others found in the same triangle on the same day."""
    own: Counter[tuple[object, object]] = Counter((one.triangle, one.asked_at.date()) for one in answered)
    knew: Counter[tuple[object, object]] = Counter((one.triangle, one.asked_at.date()) for one in answered if one.knows)
    compared = [place for place, asked in own.items() if there[place] - asked >= _LEAST_OTHERS]
    if sum(own[place] for place in compared) < _RUN:
        return []
    shares = [(known[place] - knew[place] + 1) / (there[place] - own[place] + 2) for place in compared]
    z = promoter_score([knew[place] for place in compared], [own[place] for place in compared], shares)
    if abs(z) <= _FLAG_Z:
        return []
    asked, knows = sum(own[place] for place in compared), sum(knew[place] for place in compared)
    usual = sum(share * own[place] for share, place in zip(shares, compared, strict=True))
    text = Said("%(knows_n)s of %(asked_n)s know where others' answers give %(usual)s (z = %(z)s)", knows_n=knows, asked_n=asked,
                usual=f"{usual:.1f}", z=f"{z:+.1f}")  # fmt: skip
    return [Reason("other_than_others", text, math.erfc(abs(z) / math.sqrt(2)))]


@dataclass(frozen=True, slots=True)
class _Apart:
    """Counts (asked, knows) by phase and measurement: what is found where a promoter and those who ask beside them are not."""

    of_phase: dict[str, tuple[int, int]]
    of_measurement: dict[MeasurementId, tuple[str, int, int]]

    @classmethod
    def of(cls, answered: Iterable[Handed]) -> Self:
        """Count all answers."""
        phases: dict[str, tuple[int, int]] = {}
        measurements: dict[MeasurementId, tuple[str, int, int]] = {}
        for one in answered:
            asked, knows = phases.get(one.phase, (0, 0))
            phases[one.phase] = (asked + 1, knows + bool(one.knows))
            _, asked, knows = measurements.get(one.measurement, (one.phase, 0, 0))
            measurements[one.measurement] = (one.phase, asked + 1, knows + bool(one.knows))
        return cls(phases, measurements)

    def reasons(self, answered: Sequence[Handed]) -> list[Reason]:
        """Compare with the city, on arrival and after pushes: where a whole crew makes answers up, nobody near tells otherwise."""
        own: Counter[MeasurementId] = Counter(one.measurement for one in answered)
        knew: Counter[MeasurementId] = Counter(one.measurement for one in answered if one.knows)
        usual: dict[MeasurementId, float] = {}
        for phase in {self.of_measurement[name][0] for name in own}:
            mine = [self.of_measurement[name] for name in own if self.of_measurement[name][0] == phase]
            asked = self.of_phase[phase][0] - sum(one[1] for one in mine)
            knows = self.of_phase[phase][1] - sum(one[2] for one in mine)
            if asked >= _LEAST_ELSEWHERE:
                usual |= {name: (knows + 1) / (asked + 2) for name in own if self.of_measurement[name][0] == phase}
        if sum(own[name] for name in usual) < _RUN:
            return []
        z = promoter_score(
            [knew[name] for name in usual], [own[name] for name in usual], list(usual.values()), icc=_PLACES_ICC
        )
        if abs(z) <= _FLAG_Z:
            return []
        total, told = sum(own[name] for name in usual), sum(knew[name] for name in usual)
        expected = sum(share * own[name] for name, share in usual.items())
        text = f"{told} of {total} know where the rest of the city gives {expected:.1f} (z = {z:+.1f})"
        return [Reason("other_than_city", text, math.erfc(abs(z) / math.sqrt(2)))]


def _reasons_of_orders(
    answered: Sequence[Handed], expected: float, rechecked: Mapping[MeasurementId, tuple[int, int]]
) -> list[Reason]:
    """Look at the answers of each measurement: their order, an early stop, and what a blind re-survey found."""
    sittings: dict[MeasurementId, list[bool]] = defaultdict(list)
    for one in answered:
        sittings[one.measurement].append(bool(one.knows))
    long = [answers for answers in sittings.values() if len(answers) >= _RUN and 2 <= sum(answers) < len(answers)]
    reasons: list[Reason] = []
    for code, text, test in (
        ("alternating", Said("'knows' and 'does not know' alternate (tests: %(n)s)", n=len(long)), runs_test),
        ("too_even", Said("the answers 'knows' are spread too evenly (tests: %(n)s)", n=len(long)), evenness_test),
    ):
        p = combine_p([test(answers) for answers in long])
        if p < _FLAG:
            reasons.append(Reason(code, text, p))
    firsts = [answers[:_RUN] for answers in sittings.values() if len(answers) >= _RUN]
    stops = sum(sum(answers) >= R50.move_on_at_least[0] for answers in firsts)
    p = stop_pattern(stops, [first_look_chance(round(expected, 3))] * len(firsts))
    if stops and p < _FLAG:
        text = Said("%(stops)s of %(tests)s tests moved on after 10 surveys", stops=stops, tests=len(firsts))
        reasons.append(Reason("early_stops", text, p))
    refuted = {
        name: compare_counts(sum(sittings[name]), len(sittings[name]), *found)
        for name, found in rechecked.items()
        if name in sittings
    }
    if refuted:
        name, least = min(refuted.items(), key=lambda one: one[1])
        p = min(1.0, least * len(refuted))
        if p < _FLAG:
            own, (knows, asked) = sittings[name], rechecked[name]
            text = Said("reported %(told_n)s of %(of_n)s, a blind re-survey found %(knows_n)s of %(asked_n)s (%(measurement)s)",
                        told_n=sum(own), of_n=len(own), knows_n=knows, asked_n=asked, measurement=name)  # fmt: skip
            reasons.append(Reason("refuted", text, p))
    return reasons


def _reasons_of_traces(handed: Sequence[Handed]) -> list[Reason]:
    """Look at pace, regularity, positions and device times: paradata."""
    reasons: list[Reason] = []
    moments = sorted(one.asked_at for one in handed)
    quick = sum(b - a < SHORTEST_GAP for a, b in pairwise(moments))
    if quick >= 3:
        text = Said("%(n)s surveys within %(gap)s s of the one before", n=quick, gap=SHORTEST_GAP.seconds)
        reasons.append(Reason("too_quick", text))
    busiest = _most_within(moments, timedelta(hours=1))
    if busiest > MOST_AN_HOUR:
        reasons.append(Reason("too_many", Said("%(n)s surveys in one hour", n=busiest)))
    regular = sum(_is_regular(list(group)) for _, group in groupby(handed, key=lambda one: one.measurement))
    if regular:
        reasons.append(Reason("clockwork", Said("asked at even intervals (tests: %(n)s)", n=regular)))
    placed = [(one.lon, one.lat) for one in handed if one.accuracy_m is not None and one.lon is not None]
    still = sum(_spread_m(placed[i : i + _RUN]) < LEAST_GPS_SPREAD_M for i in range(0, len(placed) - _RUN + 1, _RUN))
    if still:
        text = Said(
            "%(n)s times %(run)s surveys from within %(spread_m)s", n=still, run=_RUN, spread_m=LEAST_GPS_SPREAD_M
        )
        reasons.append(Reason("never_moved", text))
    times = Counter(one.device_time for one in handed if one.device_time is not None)
    same = sum(count for count in times.values() if count > 1)
    if same:
        reasons.append(Reason("same_times", Said("%(n)s surveys share their device time with another", n=same)))
    return reasons


def _most_within(moments: Sequence[datetime], span: timedelta) -> int:
    most, start = 0, 0
    for end, moment in enumerate(moments):
        while moment - moments[start] >= span:
            start += 1
        most = max(most, end - start + 1)
    return most


def _is_regular(sitting: Sequence[Handed]) -> bool:
    gaps = [(b.asked_at - a.asked_at).total_seconds() for a, b in pairwise(sitting)]
    if len(gaps) < _RUN - 1 or not sum(gaps):
        return False
    return float(np.std(gaps) / np.mean(gaps)) < LEAST_GAP_VARIATION


def _spread_m(positions: Sequence[tuple[float | None, float | None]]) -> float:
    at = np.array(positions, dtype=float)
    east, north = (at.max(axis=0) - at.min(axis=0)) * 111_320 * np.array([math.cos(math.radians(at[0, 1])), 1.0])
    return float(math.hypot(east, north))


# ── whom to check again ─────────────────────────────────────────────────────────────────────────────────────────────


def choose_back_checks(
    move_ons: Sequence[MeasurementId], ordered: int, share: float, rng: np.random.Generator
) -> list[MeasurementId]:
    """
    Return which tests that moved on are surveyed again, so that at least `share` of all are.

    Parameters
    ----------
    move_ons
        Tests that moved on and are not ordered to be checked yet, in a fixed order.
    ordered
        How many were ordered before.
    share
        Share of all to check, in (0, 1).
    rng
        Chooses; nobody can know beforehand whom it takes.
    """
    wanted = math.ceil(share * (len(move_ons) + ordered) - 1e-9) - ordered
    if wanted <= 0:
        return []
    return [move_ons[i] for i in sorted(rng.choice(len(move_ons), size=min(wanted, len(move_ons)), replace=False))]
