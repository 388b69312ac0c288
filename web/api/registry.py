"""One registry of what programs may ask: each operation is a route, its permission, its checks, and its part of the OpenAPI file."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Response, jsonify, request

from fieldops import clock
from fieldops.errors import BadInput
from web.api.shapes import Schema, plain, schema_of
from web.session import needs

LONGEST_TEXT = 200
PRINTED = r"^[^\x00-\x1f]*$"  # no control characters


@dataclass(frozen=True, slots=True)
class Field:
    """A value that an operation takes: text, whole, number, moment, or one of `choices`."""

    kind: str = "text"
    needed: bool = False
    about: str = ""
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None

    def schema(self) -> Schema:
        """Return the JSON Schema of the value."""
        if self.choices:
            return {"type": "string", "enum": list(self.choices)}
        if self.kind == "text":
            return {
                "type": "string",
                "maxLength": LONGEST_TEXT,
                "pattern": PRINTED,
                **({"minLength": 1} if self.needed else {}),
            }
        if self.kind == "moment":
            return {"type": "string", "format": "date-time"}
        if self.kind == "flag":
            return {"type": "boolean"}
        if self.kind == "texts":
            return {"type": "object", "additionalProperties": {"type": "string", "maxLength": LONGEST_TEXT}}
        bounds = {"minimum": self.least, "maximum": self.most}
        kind = "integer" if self.kind == "whole" else "number"
        return {"type": kind, **{name: bound for name, bound in bounds.items() if bound is not None}}


@dataclass(frozen=True, slots=True)
class Operation:
    """
    Something that programs may ask.

    `act` gets the values of path, query and body by name and returns what `answer`, a type, describes. Path arguments are
    texts. `status` is that of success; `refusals` those that the rules may answer beside 401, 403 and 422.
    """

    name: str
    method: str
    path: str
    permissions: tuple[str, ...]
    summary: str
    answer: Any
    act: Callable[[Mapping[str, Any]], Any]
    query: dict[str, Field] = field(default_factory=dict)
    body: dict[str, Field] | None = None
    crew: str | None = None
    status: int = 200
    refusals: tuple[int, ...] = ()

    def arguments(self) -> list[str]:
        """Return the names of the path's arguments."""
        return re.findall(r"{(\w+)}", self.path)


def register(pages: Blueprint, operations: list[Operation]) -> None:
    """Give every operation its route."""
    for operation in operations:
        view = needs(*operation.permissions, crew=operation.crew)(_view(operation))
        rule = re.sub(r"{(\w+)}", r"<\1>", operation.path)
        pages.add_url_rule(rule, operation.name, view, methods=[operation.method])


def _view(operation: Operation) -> Callable[..., Response]:
    def view(**path: str) -> Response:
        values: dict[str, Any] = dict(path)
        values |= read_values(operation.query, dict(request.args.items()), written=True)
        if operation.body is not None:
            values |= read_values(operation.body, _body(), written=False)
        response = jsonify(plain(operation.act(values)))
        response.status_code = operation.status
        response.headers["Cache-Control"] = "private, no-cache"
        return response

    return view


def _body() -> dict[str, Any]:
    if request.mimetype != "application/json":
        raise BadInput(
            f"a body of type '{request.mimetype[:40]}'", cure="send JSON with Content-Type: application/json"
        )
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise BadInput("the body is no JSON object", cure='send an object such as {"street": "S1"}')
    return body


def read_values(known: Mapping[str, Field], given: Mapping[str, Any], *, written: bool) -> dict[str, Any]:
    """
    Return the values of a query (`written`: all text) or a body, each of its kind.

    Raises
    ------
    BadInput
        If one is missing, unknown, or not of its kind.
    """
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise BadInput("there is no such value", field=unknown[0][:40], cure=f"known are {', '.join(known) or 'none'}")
    missing = sorted(name for name, one in known.items() if one.needed and given.get(name) in (None, ""))
    if missing:
        raise BadInput("is missing", field=missing[0], cure="give it")
    return {name: _read(known[name], name, value, written) for name, value in given.items() if value is not None}


def _read(one: Field, name: str, value: Any, written: bool) -> Any:
    if one.kind in ("whole", "number"):
        return _number(one, name, value, written)
    if one.kind == "flag":
        if isinstance(value, bool):
            return value
        raise BadInput("is neither true nor false", field=name)
    if one.kind == "texts":
        if isinstance(value, dict) and all(
            isinstance(text, str) and len(text) <= LONGEST_TEXT for text in value.values()
        ):
            return value
        raise BadInput("is no object of texts", field=name)
    if (
        not isinstance(value, str)
        or len(value) > LONGEST_TEXT
        or any(sign < " " or "\ud800" <= sign <= "\udfff" for sign in value)
    ):
        raise BadInput("is no short text", field=name, cure=f"give a text of at most {LONGEST_TEXT} signs")
    if one.choices and value not in one.choices:
        raise BadInput(f"'{value[:40]}' is none of its values", field=name, cure=f"choose {', '.join(one.choices)}")
    return clock.parse_moment(value) if one.kind == "moment" else value


def _number(one: Field, name: str, value: Any, written: bool) -> float | int:
    whole = one.kind == "whole"
    try:
        if isinstance(value, bool) or not (isinstance(value, int | float) or (written and isinstance(value, str))):
            raise ValueError
        number = float(value) if not whole or isinstance(value, float) else int(value)
        if whole and number != int(number):
            raise ValueError
    except (ValueError, OverflowError):
        raise BadInput("is no whole number" if whole else "is no number", field=name) from None
    low, high = one.least, one.most
    if (low is not None and not number >= low) or (high is not None and not number <= high):
        raise BadInput(f"{number} is outside its range", field=name, cure=f"give {low} to {high}")
    return int(number) if whole else number


def describe(operations: list[Operation], version: str) -> Schema:
    """Return the OpenAPI 3.1 description of the operations."""
    paths: dict[str, Schema] = {}
    for operation in operations:
        paths.setdefault(f"/api{operation.path}", {})[operation.method.lower()] = _described(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "fieldops", "version": version,
            "description": "The acts of the desk for programs. Keys come from `fieldops user key`; every refusal has one shape.",
        },
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Error": _ERROR},
            "responses": {"Refused": {"description": "A refusal with its facts.", "content": {
                "application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}}},
        },
    }  # fmt: skip


_ERROR: Schema = {
    "type": "object", "required": ["error"], "properties": {"error": {
        "type": "object", "required": ["kind", "status", "text", "facts"], "properties": {
            "kind": {"type": "string"}, "status": {"type": "integer"}, "text": {"type": "string"}, "facts": {"type": "object"},
        },
    }},
}  # fmt: skip


def _described(operation: Operation) -> Schema:
    place: Schema = {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT}
    parameters = [{"name": name, "in": "path", "required": True, "schema": place} for name in operation.arguments()]
    parameters += [
        {"name": name, "in": "query", "required": one.needed, "schema": one.schema(), "description": one.about}
        for name, one in operation.query.items()
    ]
    found: Schema = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": f"Permission: {', '.join(operation.permissions)}.",
        "responses": {
            str(operation.status): {
                "description": "Done.", "content": {"application/json": {"schema": schema_of(operation.answer)}},
            },
            **{str(code): {"$ref": "#/components/responses/Refused"} for code in
               sorted({400, 401, 403, 404, 409, 413, 422, 429, 503, *operation.refusals})},
        },
    }  # fmt: skip
    if parameters:
        found["parameters"] = parameters
    if operation.body is not None:
        needed = [name for name, one in operation.body.items() if one.needed]
        shape: Schema = {
            "type": "object", "additionalProperties": False,
            "properties": {name: one.schema() for name, one in operation.body.items()},
        }  # fmt: skip
        if needed:
            shape["required"] = needed
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": shape}}}
    return found
