"""How the cards compare with the best that any rule can do and with asking a fixed number, and how fast they are counted."""

import numpy as np

from fieldops.awareness import (
    A130,
    R50,
    CountRule,
    calibrated_two_sprt,
    design_card,
    field_weights,
    kiefer_weiss_bound,
    lqas,
)
from fieldops.clock import Stopwatch

SHARES = np.linspace(0.02, 0.60, 291)


def count_plainly(rule: CountRule, share: float) -> float:
    """Return P(*move on*) by a dictionary of states: the textbook recursion to which the arrays are compared."""
    bounds, alive, moved = rule.curtailed_bounds, {0: 1.0}, 0.0
    for n in range(1, bounds.last + 1):
        grown: dict[int, float] = {}
        for s, mass in alive.items():
            grown[s] = grown.get(s, 0.0) + mass * (1 - share)
            grown[s + 1] = grown.get(s + 1, 0.0) + mass * share
        moved += sum(mass for s, mass in grown.items() if s >= bounds.high[n])
        alive = {s: mass for s, mass in grown.items() if bounds.low[n] < s < bounds.high[n]}
    return moved


def compare(name: str, rule: CountRule) -> None:
    """Print one card's row."""
    errors = rule.error_rates()
    worst = float(rule.surveys_curve(SHARES).max())
    bound = kiefer_weiss_bound(*rule.zone, *errors)
    shares, weights = field_weights()
    field = float(weights @ rule.surveys_curve(shares))
    field_bound = kiefer_weiss_bound(*rule.zone, *errors, mixture=field_weights())
    fixed, _ = lqas(*rule.zone, *errors)
    watch = Stopwatch()
    rule.move_on_curve(SHARES)
    arrays = watch.seconds
    watch = Stopwatch()
    plain = [count_plainly(rule, float(share)) for share in SHARES]
    slow = watch.seconds
    gap = float(np.abs(plain - rule.move_on_curve(SHARES)).max())
    print(f"{name:22}{errors[0]:8.4f}{errors[1]:8.4f}{rule.most_surveys:6}{worst:9.2f}{worst / bound:8.3f}"
          f"{field / field_bound:8.3f}{fixed:7}{worst / fixed:8.3f}{1000 * arrays:8.2f}{slow / arrays:8.1f}{gap:10.1e}")  # fmt: skip


def main(full: bool = False) -> None:
    """Print one table; x bound is the worst expected number of surveys over that of the best conceivable rule."""
    print(f"{'card':22}{'wrong':>8}{'wrong':>8}{'most':>6}{'worst':>9}{'x bound':>8}{'x field':>8}{'fixed':>7}"
          f"{'x fixed':>8}{'ms/291':>8}{'x plain':>8}{'differ':>10}")  # fmt: skip
    print(f"{'':22}{'move on':>8}{'push on':>8}")
    compare("R50", R50)
    compare("12/28 @ 10 calibrated", calibrated_two_sprt(0.12, 0.28, 0.10, 0.10))
    compare("12/28 @ 10 card", design_card(0.12, 0.28, 0.10, 0.10))
    if full:
        compare("A130", A130)
        compare("15/25 @ 10 calibrated", calibrated_two_sprt(0.15, 0.25, 0.10, 0.10))


if __name__ == "__main__":
    main(full=True)
