"""Accounts, sessions and one-time links: who gets in, who is shut out, and what the record keeps of it."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from fieldops import clock
from fieldops.accounts import INVITATION_LASTS
from fieldops.actions import accounts, invitations, sessions
from fieldops.actions.keep import verify_record
from fieldops.errors import BadInput, Forbidden, LastPlanner, NotFound, SignInRefused, TooManyTries
from fieldops.ids import ActorId, CrewId
from fieldops.people import Actor, Role
from fieldops.store.connect import Region
from tests.conftest import LEAD, NOON, PLANNER
from tests.small_region import add_town

GOOD = "harbour lamp seven tulip"
OTHER = "violin cloud nine barrel"
A_SECOND = timedelta(seconds=1)
CREW_LEAD = Actor(ActorId("cl"), Role.CREW_LEAD, CrewId("C0"))


@pytest.fixture
def lead(region: Region) -> accounts.Account:
    add_town(region)
    accounts.add_account(region, PLANNER, login="first", name="First", role=Role.PLANNER, password=OTHER)
    return accounts.add_account(region, PLANNER, login="Wang.Li", name="王丽", role=Role.LEAD, password=GOOD)


def come_in(region: Region, login: str, password: str, address: str = "1.1.1.1", **more: object) -> sessions.SignedIn:
    return sessions.sign_in(region, login, password, browser="Android", address=address, **more)  # type: ignore[arg-type]


def events(region: Region, kind: str) -> list[dict[str, object]]:
    rows = region.reader().execute("SELECT facts FROM event WHERE kind = ? ORDER BY seq", (kind,))
    return [json.loads(row[0]) for row in rows]


def test_login_and_password_open_a_session_and_nothing_else_does(region: Region, lead: accounts.Account) -> None:
    opened = come_in(region, " WANG.li ", GOOD)
    resumed = sessions.resume(region, opened.secret)
    assert resumed is not None
    assert resumed.account == lead
    assert resumed.account.actor == Actor(ActorId(f"account:{lead.id}"), Role.LEAD)
    for login, password in (("wang.li", OTHER), ("nobody", GOOD), ("", ""), ("wang.li", ""), ("\udcff", "\udcff")):
        with pytest.raises(SignInRefused):
            come_in(region, login, password)
    for secret in ("", "x", opened.secret[:-1], opened.secret + "x", "\udcff"):
        assert sessions.resume(region, secret) is None


def test_the_record_knows_accounts_by_id_and_holds_neither_name_nor_login(
    region: Region, lead: accounts.Account
) -> None:
    come_in(region, "wang.li", GOOD)
    stored = " ".join(str(tuple(row)) for row in region.reader().execute("SELECT * FROM event"))
    assert lead.id in stored
    assert "王丽" not in stored
    assert "wang" not in stored.casefold()
    assert not verify_record(region, PLANNER).violations


def test_no_secret_lies_in_any_file(region: Region, lead: accounts.Account) -> None:
    opened = come_in(region, "wang.li", GOOD)
    _, link = invitations.make_invitation(region, PLANNER, role=Role.LEAD)
    for path in region.path.parent.iterdir():
        stored = path.read_bytes()
        for secret in (opened.secret, link, GOOD):
            assert secret.encode() not in stored, path.name


def test_a_new_session_ends_the_one_that_this_browser_had(region: Region, lead: accounts.Account) -> None:
    first = come_in(region, "wang.li", GOOD)
    second = come_in(region, "wang.li", GOOD, before=first.secret)
    assert first.secret != second.secret
    assert sessions.resume(region, first.secret) is None
    assert sessions.resume(region, second.secret) is not None


def test_a_session_that_is_used_lasts_and_one_that_is_not_ends(region: Region, lead: accounts.Account) -> None:
    opened = come_in(region, "wang.li", GOOD)
    start = opened.session.made_at
    later = start + timedelta(hours=11)
    assert sessions.resume(region, opened.secret, now=later) is not None
    assert sessions.resume(region, opened.secret, now=later + timedelta(hours=12) - A_SECOND) is not None
    assert sessions.resume(region, opened.secret, now=later + timedelta(days=5)) is None


def test_who_is_disabled_is_out_with_the_next_request_and_comes_back_when_enabled(
    region: Region, lead: accounts.Account
) -> None:
    opened = come_in(region, "wang.li", GOOD)
    accounts.disable_account(region, PLANNER, "wang.li")
    assert sessions.resume(region, opened.secret) is None
    with pytest.raises(SignInRefused):
        come_in(region, "wang.li", GOOD)
    accounts.enable_account(region, PLANNER, "wang.li")
    assert sessions.resume(region, opened.secret) is None
    assert come_in(region, "wang.li", GOOD)
    assert [one["change"] for one in events(region, "AccountChanged")] == ["disabled", "enabled"]


def test_the_last_planner_cannot_be_disabled(region: Region, lead: accounts.Account) -> None:
    with pytest.raises(LastPlanner):
        accounts.disable_account(region, PLANNER, "first")
    accounts.add_account(region, PLANNER, login="second", name="2", role=Role.PLANNER)
    accounts.disable_account(region, PLANNER, "first")


def test_a_new_password_ends_every_other_session(region: Region, lead: accounts.Account) -> None:
    phone, desk = come_in(region, "wang.li", GOOD), come_in(region, "wang.li", GOOD)
    accounts.set_password(region, lead.actor, lead.id, OTHER, but=desk.session.id)
    assert sessions.resume(region, phone.secret) is None
    assert sessions.resume(region, desk.secret) is not None
    with pytest.raises(SignInRefused):
        come_in(region, "wang.li", GOOD)
    assert come_in(region, "wang.li", OTHER)


def test_a_session_is_ended_from_elsewhere_by_its_owner_or_a_lead_and_by_nobody_else(
    region: Region, lead: accounts.Account
) -> None:
    member = accounts.add_account(region, PLANNER, login="mm", name="M", role=Role.CREW, crew=CrewId("C1"))
    opened = sessions.open_session(region, member, browser="Android")
    for stranger in (CREW_LEAD, Actor(ActorId("x"), Role.CREW, CrewId("C1")), Actor(ActorId("a"), Role.AUDITOR)):
        with pytest.raises(Forbidden):
            sessions.end_session(region, stranger, member.id, opened.session.id)
    own_lead = Actor(ActorId("cl1"), Role.CREW_LEAD, CrewId("C1"))
    assert [one.id for one in sessions.list_sessions(region, own_lead, member.id)] == [opened.session.id]
    sessions.end_session(region, own_lead, member.id, opened.session.id)
    assert sessions.resume(region, opened.secret) is None
    with pytest.raises(NotFound):
        sessions.end_session(region, own_lead, member.id, opened.session.id)


def test_ten_wrong_passwords_shut_an_account_for_strangers_and_not_for_its_own_browser(
    region: Region, lead: accounts.Account
) -> None:
    at = clock.now()
    own = come_in(region, "wang.li", GOOD, now=at)
    for _ in range(sessions.MOST_FOR_ACCOUNT):
        with pytest.raises(SignInRefused):
            come_in(region, "wang.li", OTHER, address="6.6.6.6", now=at)
    with pytest.raises(TooManyTries) as refused:
        come_in(region, "wang.li", GOOD, address="7.7.7.7", now=at)
    assert timedelta(0) < refused.value.wait <= sessions.WINDOW
    assert come_in(region, "wang.li", GOOD, before=own.secret, now=at)
    assert come_in(region, "first", OTHER, address="6.6.6.6", now=at)
    assert come_in(region, "wang.li", GOOD, address="7.7.7.7", now=at + refused.value.wait)


def test_a_thousand_people_behind_one_address_sign_in_however_often_and_guessing_there_ends(
    region: Region, lead: accounts.Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = clock.now()
    monkeypatch.setattr(
        sessions, "MOST_FOR_ADDRESS", 12
    )  # a number of ours, so that the test hashes a dozen and not 300
    for _ in range(20):
        come_in(region, "wang.li", GOOD, now=at)
    for number in range(12):
        with pytest.raises(SignInRefused):
            come_in(region, f"guess{number}", OTHER, now=at)
    with pytest.raises(TooManyTries):
        come_in(region, "first", OTHER, now=at)
    assert come_in(region, "first", OTHER, address="8.8.8.8", now=at)


def test_an_invitation_makes_one_account_of_its_role_and_crew(region: Region, lead: accounts.Account) -> None:
    made, secret = invitations.make_invitation(region, LEAD, role=Role.CREW, crew=CrewId("C1"))
    assert made.ends_at - made.made_at == INVITATION_LASTS
    assert invitations.look_at(region, f" {secret} ")[0] == made
    opened = invitations.redeem(region, secret, browser="Android", name="小张")
    assert opened.account.role is Role.CREW
    assert opened.account.crew == "C1"
    assert not opened.account.has_password
    for again in (invitations.look_at, lambda r, s: invitations.redeem(r, s, browser="", name="x")):
        with pytest.raises(SignInRefused):
            again(region, secret)
    assert events(region, "InvitationUsed") == [{"invitation": made.id, "account": opened.account.id}]


def test_a_link_that_has_ended_or_was_taken_back_lets_nobody_in(region: Region, lead: accounts.Account) -> None:
    made, secret = invitations.make_invitation(region, LEAD, role=Role.LEAD)
    with pytest.raises(SignInRefused):
        invitations.look_at(region, secret, now=made.ends_at)
    assert invitations.look_at(region, secret, now=made.ends_at - A_SECOND)
    assert [one.id for one in invitations.open_invitations(region, LEAD)] == [made.id]
    invitations.withdraw_invitation(region, LEAD, made.id)
    with pytest.raises(SignInRefused):
        invitations.look_at(region, secret)
    with pytest.raises(NotFound):
        invitations.withdraw_invitation(region, LEAD, made.id)


def test_a_bad_field_leaves_the_invitation_for_another_try(region: Region, lead: accounts.Account) -> None:
    _, secret = invitations.make_invitation(region, PLANNER, role=Role.LEAD)
    for fields in (
        {},
        {"login": "zhao", "password": "short"},
        {"login": "wang.li", "password": OTHER},
        {"password": OTHER},
    ):
        with pytest.raises(BadInput):
            invitations.redeem(region, secret, browser="", name="赵", **fields)  # type: ignore[arg-type]
    opened = invitations.redeem(region, secret, browser="", name="赵", login="zhao", password=OTHER)
    assert come_in(region, "zhao", OTHER).account == opened.account


def test_a_sign_in_link_signs_its_account_in_once(region: Region, lead: accounts.Account) -> None:
    _, secret = invitations.make_sign_in_link(region, PLANNER, "wang.li")
    assert invitations.look_at(region, secret)[1] == lead
    assert invitations.redeem(region, secret, browser="").account == lead
    with pytest.raises(SignInRefused):
        invitations.redeem(region, secret, browser="")
    accounts.disable_account(region, PLANNER, "wang.li")
    with pytest.raises(NotFound, match="enable it first"):
        invitations.make_sign_in_link(region, PLANNER, "wang.li")


def test_nobody_gives_a_role_above_their_own_or_for_another_crew(region: Region, lead: accounts.Account) -> None:
    cases = [
        (LEAD, Role.PLANNER, None), (CREW_LEAD, Role.LEAD, None), (CREW_LEAD, Role.CREW_LEAD, "C0"),
        (CREW_LEAD, Role.CREW, "C1"), (Actor(ActorId("c"), Role.CREW, CrewId("C0")), Role.CREW, "C0"),
    ]  # fmt: skip
    for actor, role, crew in cases:
        with pytest.raises(Forbidden):
            invitations.make_invitation(region, actor, role=role, crew=CrewId(crew) if crew else None)
    with pytest.raises(Forbidden):
        invitations.make_sign_in_link(region, LEAD, "first")
    with pytest.raises(Forbidden):
        accounts.set_password(region, LEAD, "first", GOOD)
    with pytest.raises(Forbidden):
        accounts.disable_account(region, LEAD, "first")
    assert invitations.make_invitation(region, CREW_LEAD, role=Role.CREW, crew=CrewId("C0"))


def test_a_crew_role_needs_a_crew_that_is_there_and_other_roles_none(region: Region, lead: accounts.Account) -> None:
    for role, crew, kind in ((Role.CREW, None, BadInput), (Role.LEAD, "C0", BadInput), (Role.CREW, "C9", NotFound)):
        with pytest.raises(kind):
            accounts.add_account(
                region, PLANNER, login="someone", name="x", role=role, crew=CrewId(crew) if crew else None
            )
    with pytest.raises(BadInput, match="taken"):
        accounts.add_account(region, PLANNER, login="WANG.LI", name="x", role=Role.LEAD)


def test_the_first_link_is_there_until_somebody_has_an_account(region: Region) -> None:
    secret = invitations.first_link(region, PLANNER)
    assert secret is not None
    assert not accounts.has_accounts(region)
    opened = invitations.redeem(region, secret, browser="", name="Lead", login="lead", password=GOOD)
    assert opened.account.role is Role.PLANNER
    assert invitations.first_link(region, PLANNER) is None


def test_signing_in_does_not_move_the_time_of_a_sandbox(region: Region, lead: accounts.Account) -> None:
    come_in(region, "wang.li", GOOD)
    accounts.disable_account(region, PLANNER, "wang.li")
    assert region.moment(None) >= NOON
    last = region.reader().execute("SELECT max(recorded_at) FROM event").fetchone()[0]
    assert clock.parse_moment(last) == NOON


def test_a_password_on_the_operators_list_is_refused(
    region: Region, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = tmp_path / "known.txt"
    known.write_text("short\nHarbour Lamp Seven Tulip\r\n", "utf-8")
    monkeypatch.setenv("FIELDOPS_PASSWORD_LIST", str(known))
    with pytest.raises(BadInput, match="others know"):
        accounts.add_account(
            region, PLANNER, login="a.b", name="x", role=Role.LEAD, password="harbour lamp seven tulip"
        )
    accounts.add_account(region, PLANNER, login="a.c", name="x", role=Role.LEAD, password="harbour lamp eight tulip")
    known.unlink()
    with pytest.raises(BadInput, match="cannot be read"):
        accounts.add_account(region, PLANNER, login="a.d", name="x", role=Role.LEAD, password="harbour lamp nine tulip")
