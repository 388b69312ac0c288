"""
Decisions and closures derived again from what was recorded, and compared with their rows.

A decision follows from the surveys that counted when it was made, by the settings of that moment; a closure from the
decisions, the fit and the settings of its moment. So a wrong figure is found too that was sealed with the right key, by a
mistake of ours. It takes a time linear in the surveys of what was decided; the closures themselves are kept in memory.

Not derived: which crew asked most, once people moved between crews; who counted heads of how many, once the map was edited;
and anything that an older version decided, which looked otherwise at who had asked (see `store/upgrade.py`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fieldops.awareness import Verdict
from fieldops.clock import format_moment, parse_moment
from fieldops.decisions import HEAD_COUNT, PlaceDecision, judge, reopening, saturating
from fieldops.errors import FieldopsError
from fieldops.ids import CrewId, MeasurementId, StreetId, TriangleId
from fieldops.rules import Rules
from fieldops.store import tallies
from fieldops.store.replay import Recorded, Violation
from fieldops.store.sqlite import as_text, sqlite3
from fieldops.surveys import digest_of, tally, those_that_count

if TYPE_CHECKING:
    from fieldops.awareness import Response

_ROW = (
    "SELECT d.id, d.measurement_id, d.street_id, d.triangle_id, d.rule, d.asked, d.knows, d.surveys_used, d.verdict,"
    " d.wrong_move_on, d.wrong_push_on, d.surveys_digest, d.crew_id, m.blind, d.decisive_at, d.decided_at, s.people,"
    " m.street_id IS d.street_id AND m.triangle_id IS d.triangle_id"
    " FROM decision AS d JOIN measurement AS m ON m.id = d.measurement_id LEFT JOIN street AS s ON s.id = d.street_id"
    " ORDER BY d.rowid"
)
_FACTS = ("measurement", "street", "triangle", "rule", "asked", "knows", "surveys_used", "verdict", "digest")
_Closing = tuple[str, str, str | None, str]
_Place = tuple[StreetId | None, TriangleId | None]


@dataclass(slots=True)
class Decisions:
    """
    The decisions and closures after the events taken so far.

    `since` is the event from which on decisions are counted as this version counts; `map_since` the last after which
    streets may belong to other triangles; what had closed by then is believed.
    """

    connection: sqlite3.Connection
    since: int
    map_since: int
    violations: list[Violation] = field(default_factory=list)
    _rows: Any = None
    _standing: dict[_Place, list[PlaceDecision]] = field(default_factory=dict)
    _by_id: dict[str, PlaceDecision] = field(default_factory=dict)
    _closings: dict[StreetId, dict[tuple[str, str], _Closing]] = field(default_factory=dict)
    _changed: list[PlaceDecision] = field(default_factory=list)
    _moment: str = ""
    _fits: "list[tuple[str, Response]]" = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin at the first row."""
        self._rows = self.connection.cursor().execute(_ROW)

    def take(self, event: Recorded, rules: Rules) -> None:
        """Let the event happen under the settings of its moment; what differs from the rows is added to `violations`."""
        try:
            self._take(event, rules)
        except (sqlite3.OperationalError, FieldopsError, ValueError, TypeError, LookupError) as error:
            self._blame(event, f"what {event.kind} rests on cannot be read ({error!r})")

    def _take(self, event: Recorded, rules: Rules) -> None:
        made = event.kind in ("DecisionMade", "DecisionWithdrawn")
        if self._changed and not (made and event.at == self._moment):
            self._close(rules)
        if event.kind == "DecisionMade":
            self._made(event, rules)
        elif event.kind == "DecisionWithdrawn":
            self._withdrawn(event)
        elif event.kind == "ResponseFitted":
            from fieldops.awareness import Response

            self._fits.append((event.at, Response.from_json(event.facts["response"])))
        if event.seq == max(self.since, self.map_since):
            self._believe(event.at)

    def finish(self, rules: Rules) -> None:
        """Compare the closures that followed with those in the table."""
        if self._changed:
            self._close(rules)
        rows = _as_text(self.connection, "SELECT street_id, since, reopens_at, ended_at, decision_id FROM closure")
        stored = {(street, *closing) for street, *closing in rows if _lasted(closing)}
        demanded = {(street, *one) for street, ones in self._closings.items() for one in ones.values() if _lasted(one)}
        for street in sorted({row[0] for row in stored ^ demanded}):
            there, due = (sorted(row[1:] for row in rows if row[0] == street) for rows in (stored, demanded))
            self.violations.append(
                Violation(0, f"street {street} is closed over {there} in the table, and {due} by the decisions")
            )

    # ── decisions ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _made(self, event: Recorded, rules: Rules) -> None:
        row = self._rows.fetchone()
        if row is None:
            return  # counted among the rows that are missing
        values: list[Any] = [one.decode(errors="replace") if isinstance(one, bytes) else one for one in row]
        *facts, people, same_place = values
        made = _decision(facts)
        stored = (
            made.measurement, made.street, made.triangle, made.rule, made.asked, made.knows, made.surveys_used,
            made.verdict, made.digest,
        )  # fmt: skip
        told = tuple(event.facts.get(name) for name in _FACTS)
        if (stored, format_moment(made.decided_at)) != (told, event.at) or not same_place:
            self._blame(event, f"the decision is {stored} in the table, and {told} in the record")
        elif event.seq > self.since:
            self._derive(event, made, people, rules)
        self._by_id[made.id] = made
        self._standing.setdefault((made.street, made.triangle), []).append(made)
        self._changed.append(made)
        self._moment = event.at

    def _derive(self, event: Recorded, made: PlaceDecision, people: float | None, rules: Rules) -> None:
        """Count the measurement as it stood at the event, and judge it by the rule that the decision names."""
        heads = made.rule == HEAD_COUNT
        with as_text(self.connection):
            asked = tallies.read_asked_at(self.connection, made.measurement, event.seq, heads=heads)
        if not asked:
            self._blame(event, f"nobody had been asked in measurement {made.measurement} when it was decided")
            return
        counted, counts = those_that_count(asked, rules), tally(asked, rules)
        test = judge(
            counts.answers, spread_at=counts.spread_at, rule=made.rule, rules=rules,
            people=people if heads else None,
        )  # fmt: skip
        said: list[object] = [made.asked, made.knows, made.digest]
        due: list[object] = [test.asked, test.knows, digest_of(counted)]
        if not heads or event.seq > self.map_since:
            said += [made.verdict, made.surveys_used, made.wrong_move_on, made.wrong_push_on, made.decisive_at]
            last = counted[test.surveys_used - 1].asked_at if counted else None
            due += [test.verdict, test.surveys_used, test.wrong_move_on, test.wrong_push_on, last]
        if said != due:
            self._blame(event, f"the decision says {said}, and its surveys come to {due}")

    def _withdrawn(self, event: Recorded) -> None:
        made = self._by_id.get(event.facts["decision"])
        if made is None:
            self._blame(event, f"withdraws decision {event.facts['decision']}, which no event made")
            return
        (withdrawn,) = _as_text(self.connection, "SELECT withdrawn_at FROM decision WHERE id = ?", made.id)[0]
        place = made.street, made.triangle
        if withdrawn != event.at or made not in self._standing[place]:
            self._blame(event, f"decision {made.id} was withdrawn at {event.at}, and at {withdrawn} in the table")
        self._standing[place] = [one for one in self._standing[place] if one is not made]
        self._changed.append(made)
        self._moment = event.at

    # ── closures ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _believe(self, at: str) -> None:
        """Take over what had closed by an event of which the consequences cannot be derived."""
        self._changed.clear()
        self._closings.clear()
        rows = _as_text(
            self.connection,
            "SELECT street_id, since, reopens_at, ended_at, decision_id FROM closure WHERE since <= ?", at,
        )  # fmt: skip
        for street, since, reopens_at, ended_at, decision in rows:
            ended = ended_at if ended_at and ended_at <= at else None
            self._closings.setdefault(StreetId(street), {})[since, decision] = (since, reopens_at, ended, decision)

    def _close(self, rules: Rules) -> None:
        """RULES 8 and 10: let the streets that the decisions of one moment concern be closed or open."""
        from fieldops.awareness import Response

        response = next((fit for at, fit in reversed(self._fits) if at <= self._moment), None) or Response()
        for street, triangle in self._concerned():
            own, point = (_newest(self._standing.get(place, [])) for place in ((street, None), (None, triangle)))
            closings = self._closings.setdefault(street, {})
            by_now = [self._by_id[one[3]] for one in closings.values() if one[3] in self._by_id]
            closing = _newest([one for one in by_now if one in self._standing.get((one.street, one.triangle), ())])
            by = saturating(own, point, closing)
            until = None
            if by is not None:
                until = reopening(
                    by, prior=response.mu, prior_surveys=response.kappa, fading=response.delta, rules=rules
                )
            self._set(closings, by, format_moment(until) if until else "")
        self._changed.clear()

    def _set(self, closings: dict[tuple[str, str], _Closing], by: PlaceDecision | None, until: str) -> None:
        now = self._moment
        stays = by is not None and any(one[2] is None and one[3] == by.id for one in closings.values())
        for key, (since, reopens_at, ended, decision) in closings.items():
            if reopens_at > now and ended is None and not (stays and by is not None and decision == by.id):
                closings[key] = (since, reopens_at, now, decision)
        if not stays and by is not None and until > now:
            closings[now, by.id] = (now, until, None, by.id)

    def _concerned(self) -> list[tuple[StreetId, TriangleId]]:
        """Return the streets that the decisions of the moment may close or open, with their triangles."""
        found: dict[StreetId, TriangleId] = {}
        for one in self._changed:
            column, place = ("id", one.street) if one.street else ("triangle_id", one.triangle)
            rows = _as_text(
                self.connection,
                f"SELECT id, coalesce(triangle_id, '') FROM street WHERE {column} = ?"  # noqa: S608  # two constants
                + ("" if one.street else " AND status <> 'gone'"),
                place,
            )
            found.update((StreetId(street), TriangleId(triangle)) for street, triangle in rows)
        return list(found.items())

    def _blame(self, event: Recorded, what: str) -> None:
        self.violations.append(Violation(event.seq, what))


def _newest(decisions: Iterable[PlaceDecision]) -> PlaceDecision | None:
    """Return the one that was decisive last; of two at one moment the one that stands later in the record."""
    newest: PlaceDecision | None = None
    for one in decisions:
        if newest is None or one.decisive_at >= newest.decisive_at:
            newest = one
    return newest


def _lasted(closing: Sequence[str | None]) -> bool:
    """Return whether a closure had any length: one that was made and ended within a moment is none."""
    return closing[2] != closing[0]


def _decision(row: Sequence[Any]) -> PlaceDecision:
    return PlaceDecision(
        id=row[0], measurement=MeasurementId(row[1]), street=row[2] and StreetId(row[2]),
        triangle=row[3] and TriangleId(row[3]), rule=row[4], asked=row[5], knows=row[6], surveys_used=row[7],
        verdict=Verdict(row[8]), wrong_move_on=row[9], wrong_push_on=row[10], digest=row[11],
        crew=row[12] and CrewId(row[12]), blind=bool(row[13]), decisive_at=parse_moment(row[14]),
        decided_at=parse_moment(row[15]),
    )  # fmt: skip


def _as_text(connection: sqlite3.Connection, query: str, *values: object) -> list[tuple[Any, ...]]:
    with as_text(connection):
        return connection.execute(query, values).fetchall()
