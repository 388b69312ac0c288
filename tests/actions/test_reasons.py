"""RULE 20: why is a code. No words of people get into the record, at whatever door they are typed."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from fieldops.actions.backcheck import quarantine_surveys
from fieldops.actions.bursts import override_burst
from fieldops.actions.claims import end_claim, make_claim, override_cool_down
from fieldops.actions.keep import accept_clock
from fieldops.actions.recruiting_duties import erase_person
from fieldops.actions.recruiting_moves import assign_rep, undo_merge
from fieldops.actions.rules import change_rules
from fieldops.contacts import read_record
from fieldops.errors import BadInput
from fieldops.events import RulesChanged
from fieldops.ids import CandidateId, CrewId, PromoterId, RepId, StreetId, ZoneId
from fieldops.intake import read_reason
from fieldops.store import audit
from fieldops.store.connect import Region
from tests.conftest import LEAD, NOON, PLANNER
from tests.phones import Phone
from tests.small_region import add_town

WORDS = "Wang Xiaoming is ill, 13800138000"
LATER = NOON + timedelta(hours=1)
DOORS: dict[str, Callable[[Region], object]] = {
    "withdraw": lambda r: end_claim(r, LEAD, _claim(r), outcome="withdrawn", why=WORDS, now=LATER),
    "revoke": lambda r: end_claim(r, LEAD, _claim(r), outcome="revoked", why=WORDS, now=LATER),
    "override": lambda r: override_cool_down(r, LEAD, street=StreetId("S0"), crew=CrewId("C0"), why=WORDS, now=LATER),
    "burst": lambda r: override_burst(r, LEAD, ZoneId("Z0"), why=WORDS, now=LATER),
    "rules": lambda r: change_rules(r, LEAD, why=WORDS, now=LATER, claims_per_crew=3),
    "clock": lambda r: accept_clock(r, LEAD, why=WORDS, now=LATER),
    "quarantine": lambda r: quarantine_surveys(r, LEAD, reason=WORDS, promoter=PromoterId("C0-0"), now=LATER),
    "erase": lambda r: erase_person(r, LEAD, CandidateId("c"), why=WORDS, now=LATER),
    "assign": lambda r: assign_rep(r, LEAD, CandidateId("c"), RepId("r"), override=WORDS, now=LATER),
    "undo": lambda r: undo_merge(r, LEAD, CandidateId("c"), override=WORDS, now=LATER),
}  # fmt: skip


def _claim(region: Region):  # type: ignore[no-untyped-def]
    return make_claim(region, LEAD, street=StreetId("S0"), crew=CrewId("C0"), now=NOON).id


@pytest.mark.parametrize("door", DOORS)
def test_words_for_a_reason_are_refused_with_the_codes_that_are_known(region: Region, door: str) -> None:
    add_town(region)
    with pytest.raises(
        BadInput, match=r"is no code; write small letters, digits and _ only, such as [a-z_]+"
    ) as refused:
        DOORS[door](region)
    assert refused.value.field
    stored = " ".join(str(tuple(row)) for row in region.reader().execute("SELECT why, facts FROM event"))
    assert "Wang" not in stored


@pytest.mark.parametrize(
    "text",
    [
        "王小明",
        "Crew_shrank",
        "crew-shrank",
        "crew shrank",
        "x" * 61,
        "a\nb",
        "ａ",
        "13800138000",
        "call_13800138000",
        "7",
    ],
)
def test_a_code_is_small_letters_digits_and_underscores(text: str) -> None:
    with pytest.raises(BadInput):
        read_reason(text, ("pilot",))


def test_a_code_may_be_coined_and_left_away_where_none_is_needed() -> None:
    assert read_reason(" pilot_of_10_days ", ("pilot",)) == "pilot_of_10_days"
    assert read_reason(" ", ("pilot",), needed=False) == ""


def test_the_record_itself_takes_no_words(region: Region) -> None:
    with pytest.raises(BadInput, match="is no code"), region.turn(PLANNER, now=NOON) as turn:
        audit.append(turn, RulesChanged(at=turn.now, why=WORDS, settings={}))


def test_a_phones_appeal_gives_a_code() -> None:
    phone = Phone()
    honest = phone.make(NOON, "appeal", about="D0-9", why="it_is_true")
    assert read_record(honest).why == "it_is_true"
    with pytest.raises(BadInput, match="is no code") as refused:
        read_record(honest | {"why": WORDS})
    assert refused.value.field == "why"
