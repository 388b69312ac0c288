"""Crews and promoters come in: what is refused, what is updated, and where names lie."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from fieldops.actions.people import import_crews, import_promoters, list_crews, list_promoters
from fieldops.errors import BadInput, Forbidden, RowsRefused
from fieldops.ids import ActorId, CrewId
from fieldops.people import Actor, Role
from fieldops.store import private
from fieldops.store.connect import Region
from tests.conftest import LEAD, NOON
from tests.towns import LAT, LON, add_town, numbered

CREW = {"crew": "K1", "name": "一组", "people": "5", "hours_per_day": "6.5", "home_lon": str(LON), "home_lat": str(LAT)}
PROMOTER = {"promoter": "P1", "crew": "C0", "name": "王芳"}


def crews(region: Region, *rows: dict[str, str], strict: bool = False) -> dict[str, object]:
    return import_crews(region, LEAD, numbered(rows), strict=strict, now=NOON).to_json()


def refused(done: dict[str, object]) -> list[tuple[int, str, str]]:
    return [(one["row"], one["field"], one["reason"]) for one in done["rejected"]]  # type: ignore[index, union-attr, attr-defined]


def test_a_crew_is_added_then_unchanged_then_updated(region: Region) -> None:
    add_town(region)
    done = [crews(region, CREW), crews(region, CREW), crews(region, {**CREW, "people": "4"})]
    assert [(one["added"], one["updated"], one["unchanged"]) for one in done] == [(1, 0, 0), (0, 0, 1), (0, 1, 0)]
    assert next(one for one in list_crews(region, LEAD) if one.id == "K1").people == 4


def test_days_off_are_read_in_any_usual_way(region: Region) -> None:
    add_town(region)
    crews(region, {**CREW, "days_off": "2026-03-01;2026-03-08 2026-03-15"})
    found = next(one for one in list_crews(region, LEAD) if one.id == "K1")
    assert sorted(day.day for day in found.days_off.dates) == [1, 8, 15]
    assert crews(region, {**CREW, "days_off": "2026-03-15;2026-03-01;2026-03-08"})["unchanged"] == 1


@pytest.mark.parametrize("word", ["sun", "Sunday", "SUNDAYS", "周日", "星期天", "礼拜日", "7"])
def test_a_day_of_every_week_is_a_day_off_too(region: Region, word: str) -> None:
    add_town(region)
    crews(region, {**CREW, "days_off": f"{word}, 2026-03-04；周三"})
    off = next(one for one in list_crews(region, LEAD) if one.id == "K1").days_off
    week = [date(2026, 3, 2) + timedelta(days=ahead) for ahead in range(14)]
    assert [day.day for day in week if day in off] == [4, 8, 11, 15]
    assert off.words() == ["wed", "sun", "2026-03-04"]


BAD_CREWS = [
    ({"people": "0"}, "people", "0 people"), ({"people": "4.5"}, "people", "whole number"),
    ({"people": "many"}, "people", "not a number"), ({"hours_per_day": "25"}, "hours_per_day", "25"),
    ({"hours_per_day": "inf"}, "hours_per_day", "finite"), ({"name": ""}, "name", "empty"),
    ({"crew": ""}, "crew", "empty"), ({"home_lon": "190"}, "home_lon", "range"),
    ({"home_lon": "", "home_lat": ""}, "home_lon", "empty"),
    ({"home_lon": "125.0"}, "home_lon", "763 km from the nearest street"),
    ({"home_lon": str(LAT), "home_lat": "80"}, "home_lon", "km from the nearest street"),
    ({"days_off": "tomorrow"}, "days_off", "not a day"),
]  # fmt: skip


def test_a_crew_that_cannot_be_is_refused_with_field_and_reason_and_the_others_go_on(region: Region) -> None:
    add_town(region)
    rows = [{**CREW, "crew": f"B{i}", **change} for i, (change, _, _) in enumerate(BAD_CREWS)]
    done = crews(region, *rows, CREW)
    assert done["added"] == 1
    assert [one[:2] for one in refused(done)] == [(row, field) for row, (_, field, _) in enumerate(BAD_CREWS, start=2)]
    for (_, _, said), (_, _, reason) in zip(refused(done), BAD_CREWS, strict=True):
        assert reason in said


def test_exchanged_coordinates_are_recognised(region: Region) -> None:
    add_town(region)
    near = {**CREW, "home_lon": "28.3", "home_lat": "84.9"}
    assert "km" in refused(crews(region, near))[0][2]
    metres: Callable[[float, float], float] = lambda lon, lat: 0.0 if lon > lat else 1e6  # noqa: E731
    from fieldops.actions.people import _read_crew

    with pytest.raises(BadInput, match="exchange home_lon and home_lat"):
        _read_crew({**CREW, "home_lon": "28.3", "home_lat": "80"}, metres)


def test_the_second_row_of_a_crew_is_refused(region: Region) -> None:
    add_town(region)
    done = crews(region, CREW, CREW)
    assert (done["added"], refused(done)[0][:2]) == (1, (3, "crew"))


def test_a_strict_import_with_a_bad_row_stores_nothing(region: Region) -> None:
    add_town(region)
    with pytest.raises(RowsRefused) as refusal:
        crews(region, CREW, {**CREW, "crew": "K2", "people": "0"}, strict=True)
    assert [one["row"] for one in refusal.value.rejected] == [3]
    assert all(one.id != "K1" for one in list_crews(region, LEAD))


def test_crews_need_streets_first(region: Region) -> None:
    with pytest.raises(BadInput, match="no streets"):
        crews(region, CREW)


def test_a_crew_imports_no_crews(region: Region) -> None:
    add_town(region)
    with pytest.raises(Forbidden):
        import_crews(region, Actor(ActorId("c"), Role.CREW, CrewId("C0")), numbered([CREW]), now=NOON)


# ── promoters ───────────────────────────────────────────────────────────────────────────────────────────────────────


def promoters(region: Region, *rows: dict[str, str], strict: bool = False) -> dict[str, object]:
    return import_promoters(region, LEAD, numbered(rows), strict=strict, now=NOON).to_json()


def test_names_of_promoters_lie_in_the_private_file_only(region: Region) -> None:
    add_town(region)
    promoters(region, PROMOTER)
    assert private.read_names(region) == {"P1": "王芳"}
    assert ("P1", "王芳") in [(one.id, name) for one, name in list_promoters(region, LEAD)]
    region.close()
    stored = b"".join(path.read_bytes() for path in region.path.parent.glob("region.gpkg*"))
    assert "王芳".encode() not in stored


def test_a_new_name_or_crew_or_day_is_an_update(region: Region) -> None:
    add_town(region)
    changes: list[dict[str, str]] = [
        {},
        {},
        {"name": "王方"},
        {"name": "王方", "crew": "C1"},
        {"name": "王方", "crew": "C1", "until": "2026-04-01"},
    ]
    done = [promoters(region, {**PROMOTER, **change}) for change in changes]
    assert [(one["added"], one["updated"], one["unchanged"]) for one in done] == [
        (1, 0, 0), (0, 0, 1), (0, 1, 0), (0, 1, 0), (0, 1, 0),
    ]  # fmt: skip


def test_a_promoter_that_cannot_be_is_refused_by_its_field(region: Region) -> None:
    add_town(region)
    changes = [
        ({"crew": "none"}, "crew"), ({"name": ""}, "name"), ({"from": "2026-03-02", "until": "2026-03-02"}, "until"),
        ({"from": "x"}, "from"),
    ]  # fmt: skip
    done = promoters(region, *({**PROMOTER, "promoter": f"B{i}", **change} for i, (change, _) in enumerate(changes)))
    assert [one[1] for one in refused(done)] == [field for _, field in changes]


def test_a_name_whose_row_never_came_is_swept_by_the_next_import(region: Region) -> None:
    add_town(region)
    private.save_names(region, {"GHOST": "nobody"})  # type: ignore[dict-item]
    promoters(region, PROMOTER)
    assert set(private.read_names(region)) == {"P1"}


def test_a_strict_refusal_leaves_no_name_behind(region: Region) -> None:
    add_town(region)
    with pytest.raises(RowsRefused):
        promoters(region, PROMOTER, {**PROMOTER, "promoter": "P2", "crew": "none"}, strict=True)
    assert private.read_names(region) == {}
