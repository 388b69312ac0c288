"""
Promoters ranked by reasons to look closer, from counts, orders and traces of their surveys.

A flag only sends a verifier: among many honest promoters some are flagged by chance every week. Nothing here sanctions
anybody, and quarantine is an act of a person (rule 13).
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from typing import Self

import numpy as np

from fieldops.awareness import R50
from fieldops.backcheck import (
    SURE,
    combine_p,
    compare_counts,
    evenness_test,
    first_look_chance,
    promoter_score,
    runs_test,
    stop_pattern,
)
from fieldops.ids import CityId, MeasurementId, PromoterId, TriangleId
from fieldops.said import Said

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


_UNNAMED = CityId("")


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
    city: CityId = _UNNAMED


@dataclass(frozen=True, slots=True)
class Reason:
    """
    Why to look closer: a code, the facts in words, and the probability that honest work gives as much (or None).

    `measurement` is the one test that the reason is about, None where it is about several.
    """

    code: str
    text: str
    probability: float | None = None
    measurement: MeasurementId | None = None

    @property
    def weight(self) -> float:
        """Return how much it counts: tens of odds, 1 for a trace without a probability."""
        return 1.0 if self.probability is None else -math.log10(max(self.probability, SURE))


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
    surveys: Iterable[Handed], *, expected: Mapping[CityId, float], rechecked: Mapping[MeasurementId, tuple[int, int]]
) -> list[Suspect]:
    """
    Return the promoters with a reason to look closer, heaviest first.

    Parameters
    ----------
    surveys
        Of a period, of all promoters, in the order asked within each promoter.
    expected
        Awareness of each city that surveys name, for places where nobody else asked.
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
    """
    Counts (asked, knows) by city and phase, and by measurement with its city and phase.

    They tell what is found where a promoter and those who ask beside them are not.
    """

    of_phase: dict[tuple[CityId, str], tuple[int, int]]
    of_measurement: dict[MeasurementId, tuple[tuple[CityId, str], int, int]]

    @classmethod
    def of(cls, answered: Iterable[Handed]) -> Self:
        """Count all answers."""
        phases: dict[tuple[CityId, str], tuple[int, int]] = {}
        measurements: dict[MeasurementId, tuple[tuple[CityId, str], int, int]] = {}
        for one in answered:
            phase = one.city, one.phase
            asked, knows = phases.get(phase, (0, 0))
            phases[phase] = (asked + 1, knows + bool(one.knows))
            _, asked, knows = measurements.get(one.measurement, (phase, 0, 0))
            measurements[one.measurement] = (phase, asked + 1, knows + bool(one.knows))
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
        if z <= _FLAG_Z:  # who hears of fewer gains nothing: among liars the honest would stand out
            return []
        total, told = sum(own[name] for name in usual), sum(knew[name] for name in usual)
        expected = sum(share * own[name] for name, share in usual.items())
        text = Said("%(told_n)s of %(total_n)s know where the rest of the city gives %(usual)s (z = %(z)s)", told_n=told,
                    total_n=total, usual=f"{expected:.1f}", z=f"{z:+.1f}")  # fmt: skip
        return [Reason("other_than_city", text, math.erfc(abs(z) / math.sqrt(2)))]


def _reasons_of_orders(
    answered: Sequence[Handed], expected: Mapping[CityId, float], rechecked: Mapping[MeasurementId, tuple[int, int]]
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
    firsts = {name: answers[:_RUN] for name, answers in sittings.items() if len(answers) >= _RUN}
    stops = sum(sum(answers) >= R50.move_on_at_least[0] for answers in firsts.values())
    city = {one.measurement: one.city for one in answered}
    p = stop_pattern(stops, [first_look_chance(round(expected[city[name]], 3)) for name in firsts])
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
            text = Said("reported %(told_n)s of %(of_n)s, a blind re-survey found %(knows_n)s of %(asked_n)s",
                        told_n=sum(own), of_n=len(own), knows_n=knows, asked_n=asked)  # fmt: skip
            reasons.append(Reason("refuted", text, p, name))
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
