"""The API: the same acts as JSON, keys by role, one shape of errors, and an OpenAPI file that says what is sent."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from fieldops.actions.apikeys import end_key, list_keys, make_key
from fieldops.errors import Forbidden, NotFound
from fieldops.people import Role
from fieldops.store.claims import claims_in_force
from fieldops.store.connect import Region, open_region
from tests.conftest import LEAD, NOON, PLANNER
from tests.desk_town import make_desk_town
from web.api.operations import OPERATIONS
from web.api.registry import Operation
from web.app import create_app
from web.settings import Settings


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("api") / "region.gpkg"
    make_desk_town(path).close()
    return path


@pytest.fixture(scope="module")
def program(town: Path) -> Flask:
    return create_app(Settings(town))


@pytest.fixture
def region(town: Path) -> Iterator[Region]:
    opened = open_region(town)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def key(town: Path) -> str:
    region = open_region(town)
    secret = make_key(region, PLANNER, name="tests", role=Role.PLANNER)[1]
    region.close()
    return secret


@pytest.fixture
def client(program: Flask) -> FlaskClient:
    return program.test_client()


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def test_an_act_by_key_is_the_same_act_and_is_recorded_under_the_key(
    client: FlaskClient, key: str, region: Region
) -> None:
    free = client.get("/api/streets?state=free&q=market", headers=bearer(key)).json
    street = free[0]["id"]
    made = client.post("/api/claims", json={"street": street, "crew": "C4"}, headers=bearer(key))
    assert made.status_code == 201
    held = next(one for one in claims_in_force(region.reader(), NOON) if one.street == street)
    assert held.id == made.json["id"]
    actor = (
        region.reader()
        .execute("SELECT actor FROM event WHERE kind = 'StreetClaimed' ORDER BY seq DESC LIMIT 1")
        .fetchone()[0]
    )
    assert actor == f"key:{next(one for one in list_keys(region, PLANNER) if one.name == 'tests').id}"
    refused = client.post("/api/claims", json={"street": street, "crew": "C3"}, headers=bearer(key))
    assert refused.status_code == 409
    assert refused.json["error"]["kind"] == "StreetAlreadyClaimed"
    assert refused.json["error"]["facts"]["holder"] == "C4"
    ended = client.post(f"/api/claims/{held.id}/end", json={"why": "mistake"}, headers=bearer(key))
    assert ended.status_code == 200
    assert client.get(f"/api/claims?street={street}", headers=bearer(key)).json == []
    past = client.get(f"/api/claims?street={street}&ended=yes", headers=bearer(key)).json
    assert [(one["outcome"], one["reason"]) for one in past] == [("revoked", "mistake")]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"street": "R30"}, 422), ({"street": "R30", "crew": "C1", "more": 1}, 422), ({"street": 7, "crew": "C1"}, 422),
        ({"street": "none", "crew": "C1"}, 404), ([], 422), ({"street": "R30", "crew": "a\nb"}, 422),
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_used_is_refused_in_the_one_shape(
    client: FlaskClient, key: str, body: object, status: int
) -> None:
    got = client.post("/api/claims", json=body, headers=bearer(key))
    assert got.status_code == status
    assert set(got.json) == {"error"}
    assert set(got.json["error"]) == {"kind", "status", "text", "facts"}


def test_bodies_of_other_kinds_and_too_deep_ones_are_refused(client: FlaskClient, key: str) -> None:
    form = client.post("/api/claims", data={"street": "R30", "crew": "C1"}, headers=bearer(key))
    assert form.status_code == 422
    assert "Content-Type" in form.json["error"]["text"]
    for body in ("{", "[" * 200_000, '{"street": NaN}', "\x00"):
        got = client.post("/api/claims", data=body, content_type="application/json", headers=bearer(key))
        assert got.status_code in (400, 422), body[:10]
        assert "error" in got.json
    assert (
        client.post(
            "/api/claims", data=b"x" * 1_100_000, content_type="application/json", headers=bearer(key)
        ).status_code
        == 413
    )


def test_a_key_does_what_its_role_includes_and_nothing_once_it_is_ended(client: FlaskClient, region: Region) -> None:
    made, secret = make_key(region, PLANNER, name="auditor", role=Role.AUDITOR)
    assert client.get("/api/claims", headers=bearer(secret)).status_code == 200
    assert client.post("/api/claims", json={"street": "R30", "crew": "C1"}, headers=bearer(secret)).status_code == 403
    end_key(region, PLANNER, made.id)
    assert client.get("/api/claims", headers=bearer(secret)).status_code == 401
    with pytest.raises(NotFound):
        end_key(region, PLANNER, made.id)
    with pytest.raises(Forbidden):
        make_key(region, LEAD, name="x", role=Role.PLANNER)


def test_no_secret_of_a_key_lies_in_any_file(key: str, town: Path) -> None:
    for path in town.parent.iterdir():
        assert key.encode() not in path.read_bytes(), path.name


def test_the_openapi_file_has_every_operation_and_is_for_everybody(client: FlaskClient) -> None:
    described = client.get("/api/openapi.json").json
    assert described["openapi"] == "3.1.0"
    told = {(method.upper(), path) for path, methods in described["paths"].items() for method in methods}
    assert told == {(one.method, f"/api{one.path}") for one in OPERATIONS}


@pytest.fixture(scope="module")
def described(program: Flask) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_wsgi("/api/openapi.json", program)


# A value may fit its schema and still be refused by a rule, with 422 in the one shape of errors.
RULES_DECIDE = [positive_data_acceptance]
QUIET = [
    HealthCheck.function_scoped_fixture,
    HealthCheck.too_slow,
    HealthCheck.filter_too_much,
    HealthCheck.data_too_large,
]


def try_operation(described: schemathesis.BaseSchema, operation: Operation, key: str, examples: int) -> None:
    """Ask with values that the file allows and with some that it does not; every answer must be one that it describes."""

    @settings(max_examples=examples, deadline=None, suppress_health_check=QUIET, database=None)
    @given(case=described[f"/api{operation.path}"][operation.method].as_strategy())
    def ask(case: schemathesis.Case) -> None:
        case.call_and_validate(headers={**bearer(key), "Accept-Encoding": "identity"}, excluded_checks=RULES_DECIDE)

    ask()


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_every_operation_answers_what_the_file_says(
    described: schemathesis.BaseSchema, operation: Operation, key: str
) -> None:
    try_operation(described, operation, key, 6)


@pytest.mark.full
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_every_operation_answers_what_the_file_says_three_hundred_times(
    described: schemathesis.BaseSchema, operation: Operation, key: str
) -> None:
    try_operation(described, operation, key, 300)
