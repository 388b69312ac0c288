"""Values as JSON and their types as JSON Schema, both from one place, so that the OpenAPI file says what is sent."""

import math
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, NewType, Union, get_args, get_origin, get_type_hints

from fieldops.clock import format_moment

Schema = dict[str, Any]


def plain(value: Any) -> Any:
    """Return a value as JSON: moments in UTC, durations in seconds, numbers that are none (unknown, infinite) as null."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, StrEnum):
        return str(value)
    if isinstance(value, datetime):
        return format_moment(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in value]
    if isinstance(value, str | int):
        return value
    number = value.item() if hasattr(value, "item") else value
    if isinstance(number, float):
        return number if math.isfinite(number) else None
    return number if isinstance(number, int | bool) else str(value)


def schema_of(kind: Any) -> Schema:
    """Return the JSON Schema of what `plain` makes of values of a type."""
    if isinstance(kind, NewType):
        return schema_of(kind.__supertype__)
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        parts = [schema_of(part) for part in get_args(kind) if part is not type(None)]
        return {"anyOf": [*parts, {"type": "null"}]} if type(None) in get_args(kind) else {"anyOf": parts}
    if origin in (list, tuple, set, frozenset):
        return {"type": "array", "items": schema_of(get_args(kind)[0])}
    if origin is dict or kind is dict:
        value = get_args(kind)[1] if get_args(kind) else Any
        return {"type": "object", "additionalProperties": schema_of(value)}
    if isinstance(kind, type):
        return _schema_of_class(kind)
    return {}


def _schema_of_class(kind: type) -> Schema:
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        names = [field.name for field in fields(kind)]
        return {"type": "object", "required": names, "properties": {name: schema_of(hints[name]) for name in names}}
    if issubclass(kind, StrEnum):
        return {"type": "string", "enum": [str(one) for one in kind]}
    if issubclass(kind, str):
        return {"type": "string"}
    known: dict[type, Schema] = {
        bool: {"type": "boolean"}, int: {"type": "integer"}, float: {"type": ["number", "null"]},
        datetime: {"type": "string", "format": "date-time"}, date: {"type": "string", "format": "date"},
        timedelta: {"type": "number"},
    }  # fmt: skip
    return known.get(kind, {})
