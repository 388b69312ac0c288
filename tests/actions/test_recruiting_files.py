"""Files of candidates and reps come in; reps get sellers, and hand them over when they leave."""

from datetime import timedelta
from functools import partial

import pytest

from fieldops.actions.recruiting_import import import_candidates
from fieldops.actions.recruiting_lists import list_candidates, read_funnel
from fieldops.actions.recruiting_moves import assign_rep
from fieldops.actions.recruiting_reps import assign_reps, end_rep, import_reps, list_reps, plan_reps, run_reps_job
from fieldops.errors import Forbidden, NotFound, RowsRefused
from fieldops.ids import ActorId, JobId, RepId
from fieldops.people import Actor, Role
from fieldops.progress import no_progress
from fieldops.recruiting.consent import FIRST_TEXT
from fieldops.recruiting.stages import Stage
from fieldops.store import recruiting_reps as reps
from fieldops.store.connect import Region
from fieldops.store.recruiting import find_candidate, read_sign_ups
from fieldops.store.verify import verify
from tests.conftest import LEAD, NOON
from tests.recruits import add_rep, join, phone, sellers
from tests.small_region import add_town

ROW = {"name": "王小明", "phone": phone(0), "street": "S0", "group": "4", "made_at": "2026-03-01T10:00:00+08:00"}


def take(
    region: Region, *rows: dict[str, str], strict: bool = False, consent: str = FIRST_TEXT.version
) -> dict[str, object]:
    numbered = list(enumerate(rows, start=2))
    return import_candidates(region, LEAD, numbered, consent=consent, strict=strict, now=NOON).to_json()


def test_a_file_taken_in_twice_changes_nothing_the_second_time(region: Region) -> None:
    add_town(region)
    rows = [{**ROW, "phone": phone(i), "stage": "interviewed"} for i in range(5)]
    counts = [
        [done[what] for what in ("added", "updated", "unchanged")]
        for done in (take(region, *rows), take(region, *rows))
    ]
    assert counts == [[5, 0, 0], [0, 0, 5]]
    assert [one.reached for one in read_funnel(region, LEAD, now=NOON).stages][:4] == [5, 5, 5, 0]
    assert verify(region).violations == []


def test_a_file_that_tells_when_each_stage_was_reached_gives_the_funnel_its_days(region: Region) -> None:
    add_town(region)
    made = NOON - timedelta(days=30)
    days = {"contacted": 1, "interviewed": 4, "signed": 9, "trained": 12, "first_order": 20, "active": 29}
    way = {f"{stage}_at": (made + timedelta(days=day)).isoformat() for stage, day in days.items()}
    left = {name: way[name] for name in ("contacted_at", "interviewed_at")}
    left |= {"stage": "lost", "stage_since": NOON.isoformat(), "reason": "no_time"}
    rows = [
        {**ROW, "phone": phone(0), "made_at": made.isoformat(), "income_reached": "800", **way},
        {**ROW, "phone": phone(1), "made_at": made.isoformat(), **left},
        {
            **ROW,
            "phone": phone(2),
            "made_at": made.isoformat(),
            "contacted_at": way["contacted_at"],
            "stage": "signed",
            "stage_since": way["signed_at"],
        },
    ]
    assert take(region, *rows)["added"] == 3
    report = read_funnel(region, LEAD, now=NOON)
    assert [one.reached for one in report.stages] == [3, 3, 3, 2, 1, 1, 1]
    assert [one.total_days.value for one in report.stages] == [0, 1, 4, 9, 12, 20, 29]
    assert (report.candidates.left, report.sellers.started) == (1, 1)
    cards = {card.phone[-1]: card.candidate for card in list_candidates(region, LEAD, now=NOON).cards}
    assert (cards["0"].stage, cards["0"].reached, cards["0"].income_reached) == (Stage.ACTIVE, Stage.ACTIVE, 800)
    assert (cards["1"].stage, cards["1"].reached) == (Stage.LOST, Stage.INTERVIEWED)
    assert (cards["2"].stage, cards["2"].stage_since) == (Stage.SIGNED, made + timedelta(days=9))
    assert verify(region).violations == []


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"contacted_at": "2026-02-20T10:00:00Z", "interviewed_at": "2026-02-19T10:00:00Z"}, "interviewed_at"),
        ({"contacted_at": "2026-01-31T10:00:00Z"}, "contacted_at"),
        ({"contacted_at": "2027-01-31T10:00:00Z"}, "contacted_at"),
        ({"signed_at": "2026-02-20T10:00:00Z", "stage": "contacted"}, "stage"),
        ({"contacted_at": "2026-02-20T10:00:00Z", "stage": "signed"}, "stage_since"),
        ({"contacted_at": "soon"}, "contacted_at"),
        ({"income_reached": "much"}, "income_reached"),
    ],
)
def test_days_of_stages_that_cannot_be_are_refused(region: Region, bad: dict[str, str], field: str) -> None:
    add_town(region)
    (refused,) = take(region, {**ROW, "made_at": "2026-02-01T10:00:00Z", **bad})["rejected"]  # type: ignore[misc]
    assert refused["field"] == field


def test_a_further_sign_up_of_somebody_known_is_noted_and_moves_nobody(region: Region) -> None:
    add_town(region)
    take(region, {**ROW, "stage": "signed"})
    done = take(region, {**ROW, "made_at": "2026-03-02T10:00:00+08:00", "stage": "lost", "reason": "other"})
    assert (done["added"], done["updated"]) == (0, 1)
    (card,) = list_candidates(region, LEAD, now=NOON).cards
    assert card.candidate.stage == Stage.SIGNED
    assert [one.again for one in read_sign_ups(region.reader(), card.candidate.id)] == [False, True]
    assert verify(region).violations == []


BAD = [
    ({"phone": "123"}, "phone"), ({"phone": ""}, "phone"), ({"name": ""}, "name"), ({"name": "=1+1"}, "name"),
    ({"group": "5"}, "group"), ({"stage": "hired"}, "stage"), ({"stage": "lost"}, "reason"),
    ({"reason": "other"}, "reason"), ({"street": "nowhere"}, "street"), ({"source": "plane"}, "source"),
    ({"source": "venue"}, "venue"), ({"made_at": "yesterday"}, "made_at"), ({"made_at": "2030-01-01T00:00:00Z"}, "made_at"),
    ({"stage": "signed", "stage_since": "2026-02-28T10:00:00+08:00"}, "stage_since"),
    ({"wanted_low": "900", "wanted_high": "500"}, "income"), ({"wanted_low": "x"}, "wanted_low"),
    ({"language": "chinese!"}, "language"), ({"consent": "0"}, "consent"),
]  # fmt: skip


def test_each_bad_row_is_refused_by_itself_with_its_field_and_the_others_go_on(region: Region) -> None:
    add_town(region)
    rows = [{**ROW, "phone": phone(i), **change} for i, (change, _) in enumerate(BAD, start=1)]
    done = take(region, *rows, ROW)
    assert done["added"] == 1
    told = [(one["row"], one["field"]) for one in done["rejected"]]  # type: ignore[index, union-attr, attr-defined]
    assert told == [(number, field) for number, (_, field) in enumerate(BAD, start=2)]


def test_a_strict_file_with_a_bad_row_stores_nothing(region: Region) -> None:
    add_town(region)
    with pytest.raises(RowsRefused):
        take(region, ROW, {**ROW, "phone": "1"}, strict=True)
    assert list_candidates(region, LEAD, now=NOON).cards == ()


def test_rows_without_a_consent_are_refused(region: Region) -> None:
    add_town(region)
    assert take(region, ROW, consent="")["refused"] == 1


def test_the_same_number_twice_in_a_file_is_one_candidate(region: Region) -> None:
    add_town(region)
    done = take(region, ROW, {**ROW, "phone": f"+86 {phone(0)}"})
    assert (done["added"], done["unchanged"]) == (1, 1)


# ── reps ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_reps_come_in_and_a_bad_one_is_refused_by_its_field(region: Region) -> None:
    add_town(region)
    row = {"rep": "R1", "base": "北站", "name": "赵敏", "languages": "zh;yue", "groups": "1;4"}
    bad = [({"groups": "9"}, "groups"), ({"languages": "z1"}, "languages"), ({"name": ""}, "name"), ({"base": ""}, "base"),
           ({"lon": "200", "lat": "1"}, "lon"), ({"from": "2026-03-02", "until": "2026-03-01"}, "until")]  # fmt: skip
    rows = [row, *({**row, "rep": f"B{i}", **change} for i, (change, _) in enumerate(bad))]
    done = import_reps(region, LEAD, list(enumerate(rows, start=2)), now=NOON)
    assert done.added == 1
    assert [one["field"] for one in done.rejected] == [field for _, field in bad]
    (card,) = list_reps(region, LEAD, now=NOON)
    assert (card.name, card.rep.languages, card.free) == ("赵敏", frozenset({"zh", "yue"}), 35)
    with pytest.raises(Forbidden):
        import_reps(region, Actor(ActorId("r"), Role.REP), [(2, row)], now=NOON)


def test_sellers_without_a_rep_are_assigned_within_35_and_the_rest_wait(region: Region) -> None:
    add_town(region)
    add_rep(region, "R1")
    sellers(region, 40)
    tried = plan_reps(region, LEAD, more=[], now=NOON)
    assert (tried.answer.unserved, reps.count_cares(region.reader())) == (5, {})
    answer = assign_reps(region, LEAD, now=NOON)
    assert (answer.unserved, reps.count_cares(region.reader())) == (5, {"R1": 35})
    assert verify(region).violations == []


def test_what_if_tells_what_would_change_and_changes_nothing(region: Region) -> None:
    add_town(region)
    add_rep(region, "R1")
    add_rep(region, "R2")
    sellers(region, 40)
    tried = plan_reps(region, LEAD, without=[RepId("R2")], now=NOON)
    assert (tried.answer.unserved, tried.otherwise.unserved) == (0, 5)
    assert tried.otherwise.price > tried.answer.price
    assert tried.moved >= 5
    assert plan_reps(region, LEAD, cap=50, without=[RepId("R2")], now=NOON).otherwise.unserved == 0
    assert reps.count_cares(region.reader()) == {}


def test_a_worker_tries_assigns_and_hands_over_and_may_be_run_again(region: Region) -> None:
    add_town(region)
    add_rep(region, "R1")
    add_rep(region, "R2")
    sellers(region, 40)
    path, now = region.path, NOON.isoformat()
    run = partial(run_reps_job, path, LEAD, job=JobId("j"), progress=no_progress, now=now)
    tried = run(without="R2")
    assert (tried["tried"], tried["unserved"], tried["now_unserved"]) == (True, 5, 0)
    assert reps.count_cares(region.reader()) == {}
    assert [run(assign=True)["served"] for _ in range(2)] == [40, 0]
    left = run(leave="R2")
    assert left["served"] + left["unserved"] == 20
    assert run(leave="R2")["choices"] == []


def test_when_a_rep_leaves_everybody_is_handed_over_or_listed_and_nobody_is_lost(region: Region) -> None:
    add_town(region)
    leaving, other = add_rep(region, "R1"), add_rep(region, "R2")
    mine = sellers(region, 30, leaving)
    sellers(region, 10, other, first=50)
    followed = join(region, 90).candidate
    assign_rep(region, LEAD, followed, leaving, now=NOON)
    answer = end_rep(region, LEAD, leaving, now=NOON)
    assert len(answer.choices) == 31
    assert answer.unserved == 5  # 25 places were free
    cares = reps.count_cares(region.reader())
    assert cares == {"R2": 35}
    waiting = reps.read_uncared(region.reader(), 100)
    assert len(waiting) == 5
    assert {row[0] for row in waiting} <= set(mine)
    found = find_candidate(region.reader(), followed)
    assert found is not None
    assert found.rep == other
    with pytest.raises(NotFound, match="at work"):
        assign_rep(region, LEAD, followed, leaving, now=NOON)
    assert verify(region).violations == []
