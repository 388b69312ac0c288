"""Logins, names and passwords: what is taken, and what is refused without repeating a password."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldops.accounts import (
    MAY_MAKE,
    SHORTEST_PASSWORD,
    Session,
    lifetime,
    over,
    read_login,
    read_password,
    read_person,
)
from fieldops.errors import BadInput
from fieldops.ids import AccountId, SessionId
from fieldops.people import Role
from fieldops.permissions import PERMISSIONS
from tests.conftest import NOON


@pytest.mark.parametrize(
    "weak",
    [
        "", "short-but-fine", "aaaaaaaaaaaaaaaaaaaa", "123456789012345", "abcabcabcabcabcabc", "passwordpassword",
        "1234567890qwertyuiop", "wang.liwang.liwang.li", "fieldopsfieldops1", "abcdefghijklmnopq", "x" * 129,
    ],
)  # fmt: skip
def test_a_password_that_is_short_or_easy_to_guess_is_refused_and_never_repeated(weak: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_password(weak, "wang.li")
    assert refused.value.field == "password"
    assert not weak or weak not in str(refused.value)


@pytest.mark.parametrize(
    "good",
    ["harbour lamp seven tulip", "今天 下雨 我们 还是 去 推广 街道 好", "k7$Pz!xQ29vLm#wRt", "x7mq4-kd93s-hu5tr-p2vbn"],
)
def test_any_signs_make_a_password_and_none_must_stand_in_it(good: str) -> None:
    assert read_password(good, "wang.li") == good


def test_a_password_is_as_long_as_the_rule_says_and_no_sign_shorter() -> None:
    fine = "hK3v9 tulip Zm2q"[:SHORTEST_PASSWORD]
    assert read_password(fine, "li") == fine
    with pytest.raises(BadInput, match="at least 15"):
        read_password(fine[:-1], "li")


@given(st.text(max_size=60))
def test_a_login_is_refused_or_reads_as_itself_again(text: str) -> None:
    try:
        login = read_login(text)
    except BadInput:
        return
    assert read_login(login) == login
    assert 2 <= len(login) <= 40
    assert not set(login) & set(" \t\n<>\"'/")


def test_full_width_and_capital_letters_name_the_same_login() -> None:
    assert read_login("ＷＡＮＧ.Li") == read_login(" wang.li ") == "wang.li"


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\nb", "a\u202eb"])
def test_a_name_that_cannot_be_shown_is_refused(name: str) -> None:
    with pytest.raises(BadInput):
        read_person(name)


def test_nobody_makes_an_account_that_may_do_more_than_their_own() -> None:
    for role, others in MAY_MAKE.items():
        mine = {permission for permission, roles in PERMISSIONS.items() if role in roles}
        for other in others - {Role.AUDITOR}:  # an auditor's work, back-checks, is watched over by all leads
            theirs = {permission for permission, roles in PERMISSIONS.items() if other in roles}
            theirs -= {"phone.use"}  # the phone of a crew: nothing that the desk does not show to its leads
            assert theirs <= mine, (role, other, theirs - mine)


@pytest.mark.parametrize(("role", "idle"), [(Role.LEAD, timedelta(hours=12)), (Role.CREW, timedelta(days=30))])
def test_a_session_ends_unused_after_its_idle_time_and_in_any_case_after_a_season(role: Role, idle: timedelta) -> None:
    whole = lifetime(role).whole
    session = Session(SessionId("s"), AccountId("a"), "", NOON, NOON, NOON + whole)
    tick = timedelta(microseconds=1)
    assert not over(session, role, NOON + idle - tick)
    assert over(session, role, NOON + idle)
    used = Session(SessionId("s"), AccountId("a"), "", NOON, NOON + whole - tick, NOON + whole)
    assert not over(used, role, NOON + whole - tick)
    assert over(used, role, NOON + whole)
