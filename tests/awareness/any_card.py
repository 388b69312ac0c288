"""Any card, drawn at random, and what it does by trying every order of answers in exact fractions."""

from collections.abc import Callable
from fractions import Fraction

from hypothesis import strategies as st

from fieldops.awareness import CountRule, Verdict

NextKnows = Callable[[tuple[bool, ...]], Fraction]
LONGEST = 9


@st.composite
def cards(draw: st.DrawFn) -> CountRule:
    """Draw any lawful card of at most `LONGEST` surveys."""
    looks = sorted(draw(st.sets(st.integers(1, LONGEST), min_size=1, max_size=4)))
    low, high = [], []
    for look in looks:
        least = draw(st.integers(-1, look))
        low.append(least)
        high.append(least + 1 if look == looks[-1] else draw(st.integers(least + 1, look + 1)))
    return CountRule(tuple(looks), tuple(low), tuple(high))


shares = st.integers(1, 19).map(lambda twentieth: Fraction(twentieth, 20))


def try_all(card: CountRule, next_knows: NextKnows, *, curtailed: bool) -> tuple[Fraction, Fraction, int]:
    """Return P(move on), the expected surveys and the 95 % point by walking through every order of answers."""
    moved = Fraction(0)
    ends: dict[int, Fraction] = {}

    def walk(answers: tuple[bool, ...], weight: Fraction) -> None:
        nonlocal moved
        said = card.decide(answers, curtailed=curtailed)
        if said.verdict is not Verdict.ASK_MORE:
            ends[len(answers)] = ends.get(len(answers), Fraction(0)) + weight
            moved += weight * (said.verdict is Verdict.MOVE_ON)
            return
        knows = next_knows(answers)
        for answer, part in ((True, knows), (False, 1 - knows)):
            if part:
                walk((*answers, answer), weight * part)

    walk((), Fraction(1))
    assert sum(ends.values()) == 1
    passed, at = Fraction(0), 0
    for at in sorted(ends):
        passed += ends[at]
        if passed >= Fraction(95, 100):
            break
    return moved, sum((n * weight for n, weight in ends.items()), Fraction(0)), at


def alike(found: tuple[float, float, int], tried: tuple[Fraction, Fraction, int]) -> bool:
    near = abs(found[0] - tried[0]) < 1e-12 and abs(found[1] - tried[1]) < 1e-11
    return bool(near and found[2] == tried[2])
