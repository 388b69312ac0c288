"""Are these bursts lawful? Recomputed from the zones and the people alone; shares no code with the solver (rule 14)."""

from collections import Counter
from collections.abc import Sequence

from fieldops.planning.bursts import Busy, Slot, ZoneWork


def burst_violations(
    zones: Sequence[ZoneWork], slots: Sequence[Slot], people: int, *, days: tuple[int, int], busy: Sequence[Busy] = ()
) -> list[str]:
    """
    Return what is unlawful, one sentence each; empty where nothing is.

    Parameters
    ----------
    days
        Shortest and longest burst.
    busy
        People in bursts that run on the first day.
    """
    needed = {zone.name: zone for zone in zones}
    times = Counter(slot.name for slot in slots)
    wrong = [f"{name} is pushed {times[name]} times, not once" for name in needed if times[name] != 1]
    wrong += [f"{slot.name} is no zone of these" for slot in slots if slot.name not in needed]
    for slot in slots:
        zone = needed.get(slot.name)
        if not days[0] <= slot.days <= days[1]:
            wrong.append(f"{slot.name} is pushed for {slot.days} days, not {days[0]} to {days[1]}")
        elif zone is not None and slot.people < zone.people[slot.days]:
            wrong.append(f"{slot.name} has {slot.people} people and needs {zone.people[slot.days]}: half-manned")
        if zone is not None and slot.start < zone.not_before:
            wrong.append(f"{slot.name} starts on day {slot.start}, before day {zone.not_before}")
    for day in range(max((slot.start + slot.days for slot in slots), default=0)):
        new = sum(slot.people for slot in slots if slot.start <= day < slot.start + slot.days)
        if new and new + sum(one.people for one in busy if day < one.days) > people:
            wrong.append(f"on day {day} more than {people} people are pushing")
    return wrong
