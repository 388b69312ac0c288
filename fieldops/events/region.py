"""The region and its map."""

from dataclasses import dataclass

from fieldops.events.event import Event
from fieldops.ids import CityId, StreetId


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionCreated(Event):
    """A region database was made; `sandbox` regions accept given times."""

    sandbox: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesChanged(Event):
    """Settings took new values."""

    settings: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class CityImported(Event):
    """A map became (or renewed) a city; `digest` is the SHA-256 of the map file."""

    city: CityId
    streets: int
    kept: int
    added: int
    removed: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetEdited(Event):
    """A person renamed, split, joined, closed, opened, permitted or drew a street; `change` says which."""

    street: StreetId
    change: str
    others: tuple[StreetId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsImported(Event):
    """Rows of a file were taken in; `noun` is crews, promoters, venues or effort."""

    noun: str
    added: int
    updated: int
    unchanged: int
    rejected: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseSet(Event):
    """A base was described, or with `gone` taken off the list."""

    base: str
    gone: bool = False
