"""What all tests share: a sandbox region, moments, and the folder of public data where there is one."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings

from fieldops.ids import ActorId
from fieldops.people import Actor, Role
from fieldops.store.connect import Region, create_region
from tests.quick_regions import make_quickly

ROOT = Path(__file__).parent.parent
NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai, a Monday
LEAD = Actor(ActorId("lead"), Role.LEAD)
PLANNER = Actor(ActorId("planner"), Role.PLANNER)

# No deadline: the machines are shared, and how long an example takes says nothing.
settings.register_profile("short", deadline=None, max_examples=50)
settings.register_profile("full", deadline=None, max_examples=200)
settings.load_profile("short")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="also run the long counts (marker `full`)")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--full"):
        settings.load_profile("full")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long counts out unless asked for: deselected, so that the summary says how many."""
    if not config.getoption("--full") and "full" not in config.getoption("-m"):
        long = [item for item in items if item.get_closest_marker("full")]
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if not item.get_closest_marker("full")]


@pytest.fixture(scope="session", autouse=True)
def _quick_regions() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        make_quickly(patch)
        yield


@pytest.fixture
def shared_data() -> Path:
    """The folder of public maps and benchmark instances; it is not part of the repository."""
    folder = Path(os.environ.get("FIELDOPS_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the folder of public data is not here (see $FIELDOPS_SHARED_DATA)")
    return folder


@pytest.fixture
def region(tmp_path: Path) -> Iterator[Region]:
    """A fresh sandbox region, so that tests may give the time."""
    made = create_region(tmp_path / "region.gpkg", PLANNER, sandbox=True, now=NOON)
    yield made
    made.close()
