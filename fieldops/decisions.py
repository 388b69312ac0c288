"""What the test of a measurement says, which streets are saturated by it, and until when they stay closed."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import accumulate

from fieldops.awareness import CountRule, Verdict, find_rule
from fieldops.ids import CrewId, MeasurementId, StreetId, TriangleId
from fieldops.rules import Rules
from fieldops.said import Said

HEAD_COUNT = "head_count"
PLAIN_RULE = "two_of_ten"
LONGEST_CLOSURE = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Test:
    """
    What a rule says of the answers of one measurement.

    `knows` of `asked` answers count; the first `surveys_used`, of which `knows_used` knew, decided. `wrong_move_on` and
    `wrong_push_on` are the rule's error rates at the ends of its zone. `why_more` says what is missing while the verdict is *ask more*; `ask` is the
    number of surveys until the next look. `plain` is what the plain rule "2 of 10" says, for what it is worth.
    """

    verdict: Verdict
    rule: str
    asked: int
    knows: int
    surveys_used: int
    knows_used: int
    wrong_move_on: float
    wrong_push_on: float
    plain: Verdict
    why_more: str = ""
    ask: int = 0


@dataclass(frozen=True, slots=True)
class PlaceDecision:
    """
    A decisive test of a place, as it is recorded.

    `knows` of `asked` surveys counted then, and `digest` is theirs; the first `surveys_used` of them decided, the last of
    which was asked at `decisive_at`. It was decided at `decided_at`; `crew` asked most of those that decided, and `blind`
    says whether for verification.
    """

    id: str
    measurement: MeasurementId
    street: StreetId | None
    triangle: TriangleId | None
    rule: str
    asked: int
    knows: int
    surveys_used: int
    verdict: Verdict
    wrong_move_on: float
    wrong_push_on: float
    digest: str
    crew: CrewId | None
    blind: bool
    decisive_at: datetime
    decided_at: datetime


def is_small(people: float | None, rules: Rules) -> bool:
    """Return whether a street of so many people is counted by heads; None is a connection point."""
    return people is not None and people < rules.small_street_people


def judge(
    answers: str, *, spread_at: int | None, rule: str, rules: Rules, people: float | None = None, told: int = 0
) -> Test:
    """
    Return what the test of a measurement says.

    Parameters
    ----------
    answers
        "1" (knows) and "0" in the order asked, counted answers only.
    spread_at
        With which of them, counted from 1, enough promoters or corners had asked; None: not yet. See `surveys.tally`.
    rule
        Name of the rule that the measurement was opened with.
    rules
        Settings of the region.
    people
        People of the street; None at a connection point. Streets below `small_street_people` are counted by heads.
    told
        How many of the answers are heads that the crew told itself.

    Raises
    ------
    ValueError
        If there are such on a street that is not small: a card tests a sample, and they are none.
    """
    given = [answer == "1" for answer in answers]
    plain = find_rule(PLAIN_RULE).decide(given).verdict
    small = is_small(people, rules)
    if told and not small:
        raise ValueError(f"{told} heads told on a card")
    if small:
        assert people is not None  # only streets are small
        test = _count_heads(given, round(people), rules.target_share, plain, spread_at or 1)
    else:
        card = card_of(rule, spread_at or 1)
        said = card.decide(given)
        ask = card.next_look(said.asked) - said.asked if said.verdict is Verdict.ASK_MORE else 0
        why = Said("ask %(more_n)s more", more_n=ask) if ask else ""
        test = Test(
            said.verdict, rule, said.asked, said.knows, said.surveys_used, said.knows_used,
            *error_rates(rule, spread_at or 1), plain, why, ask,
        )  # fmt: skip
    # RULE 9: those that decide come from at least 2 promoters or 2 corners, else one person's companions decide
    if test.verdict is not Verdict.ASK_MORE and spread_at is None:
        why = Said("another promoter, or another corner")
        return Test(
            Verdict.ASK_MORE, test.rule, test.asked, test.knows, test.asked, test.knows, test.wrong_move_on,
            test.wrong_push_on, plain, why, 1,
        )  # fmt: skip
    return test


def _count_heads(given: list[bool], people: int, target: float, plain: Verdict, first: int) -> Test:
    """
    RULE 9: a street of few people has no test of its own; only a head-count can settle it.

    Heads that know are those who said so and those whom the crew told since: it is as right as the crew's own count.
    """
    needed, asked, knows = math.ceil(target * people - 1e-9), len(given), sum(given)
    counted = [(used, so_far) for used, so_far in enumerate(accumulate(given), start=1) if used >= first]
    # statistics.md 3.2: what counts is K + those told since, however many did not know when they were asked
    for used, so_far in counted:
        if so_far >= needed:
            return Test(Verdict.MOVE_ON, HEAD_COUNT, asked, knows, used, so_far, 0.0, 0.0, plain)
    for used, so_far in counted:
        if used - so_far > people - needed:
            return Test(Verdict.PUSH_ON, HEAD_COUNT, asked, knows, used, so_far, 0.0, 0.0, plain)
    why = Said("its point, or %(needed_n)s of its %(people_n)s who know or were told", needed_n=needed, people_n=people)
    return Test(Verdict.ASK_MORE, HEAD_COUNT, asked, knows, asked, knows, 0.0, 0.0, plain, why, needed - knows)


def count_bounds(test: Test, people: float | None) -> tuple[float, float] | None:
    """
    Return the least and the most that may know where heads were counted, None where a card tested.

    Whoever did not know when asked may be among those told since, so only as many as exceed the heads that know are out.
    """
    if test.rule != HEAD_COUNT or people is None:
        return None
    ignorant = test.asked - test.knows
    low = min(1.0, test.knows / people)
    return low, max(low, 1.0 - max(0, ignorant - test.knows) / people)


@cache
def card_of(rule: str, first: int) -> CountRule:
    """Return the card of that name where nothing may decide before survey number `first`."""
    return find_rule(rule).not_before(first)


@cache
def error_rates(rule: str, first: int = 1) -> tuple[float, float]:
    """Return P(move on) at the lower end of such a card's zone and P(push on) at its upper end, exactly."""
    return card_of(rule, first).error_rates()


def saturating(
    own: PlaceDecision | None, point: PlaceDecision | None, closing: PlaceDecision | None = None
) -> PlaceDecision | None:
    """
    Return the decision by which a street is saturated, None where it is not.

    Parameters
    ----------
    own
        The street's own latest decisive test.
    point
        The latest decisive test of its triangle's connection point.
    closing
        The latest decision that closed it and still stands.
    """
    # RULE 10: its own latest test says move on, or its point's does and its own does not say push on
    # RULE 8: what moved on stays closed when the point says push on later; only its own test says that of the street
    saying = [one for one in (own, point, closing) if one is not None and one.verdict is Verdict.MOVE_ON]
    if own is not None and own.verdict is Verdict.PUSH_ON:
        return None
    return max(saying, key=lambda one: one.decisive_at, default=None)


def reopening(decision: PlaceDecision, *, prior: float, prior_surveys: float, fading: float, rules: Rules) -> datetime:
    """
    Return from when a street that moved on may be claimed again, if no test of its own says *push on* before.

    Parameters
    ----------
    decision
        The one that saturated it.
    prior, prior_surveys
        Awareness expected before anybody asked, and the surveys that this is worth.
    fading
        Share of those who know that forgets overnight, in [0, 1).
    rules
        Settings of the region.

    Notes
    -----
    The estimate is the posterior mean of the decisive test: it follows from the recorded decision alone.
    """
    # RULE 8: the forecast starts at the larger of the target and the estimate; not before 7 days
    estimate = (prior * prior_surveys + decision.knows) / (prior_surveys + decision.asked)
    above = math.log(max(rules.target_share, estimate) / rules.target_share)
    fades = -math.log1p(-fading)  # a night
    longest = LONGEST_CLOSURE / timedelta(days=1)
    nights = min(above / fades, longest) if above < longest * fades else longest if above else 0.0
    return decision.decisive_at + max(rules.reopen_after, timedelta(days=nights))
