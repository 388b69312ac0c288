"""
Surveys on their way in: staged, compared with what is there, sorted into measurements, appended.

Everything happens in one write turn. Staged rows lie in a table, so that memory stays bounded whatever the length of a
file; surveys themselves are append-only, and a batch is one event with count and digest (rule 20).
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from fieldops.claims import Claim, Standing, match_late, tests_since
from fieldops.clock import format_moment, parse_moment
from fieldops.errors import BadInput, Stopped
from fieldops.events import SurveysRecorded
from fieldops.ids import CrewId, MeasurementId, StreetId, SurveyId, TriangleId
from fieldops.progress import Progress, no_progress
from fieldops.rules import Rules
from fieldops.said import Said
from fieldops.store import audit, tallies
from fieldops.store.claims import claims_in_triangle, claims_of_street
from fieldops.store.connect import Turn
from fieldops.store.sqlite import sqlite3
from fieldops.surveys import Phase, Sitting, Survey, name_measurement, number_of_try, rule_of_try

_REPORT_EVERY = 20_000
_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_STORED = "id, measurement_id, asked_at, answer, promoter_id, home_street_id, cluster, phase, lon, lat, accuracy_m, device_time, late"
_SAME = " AND ".join(
    f"i.{staged} IS s.{stored}"
    for staged, stored in {
        "asked_at": "asked_at", "answer": "answer", "promoter": "promoter_id", "home": "home_street_id",
        "cluster": "cluster", "phase": "phase", "lon": "lon", "lat": "lat", "accuracy_m": "accuracy_m",
        "device_time": "device_time",
    }.items()
)  # fmt: skip
Refuse = Callable[[int, BadInput, str], None]


class Staging:
    """
    Surveys that passed their own checks and wait, within one turn, to be compared and sorted.

    They wait in a table of the region file, not in a temporary one: this SQLite keeps temporary tables in memory.
    """

    def __init__(self, turn: Turn) -> None:
        """Start with nothing."""
        self._connection = turn.connection
        self._connection.execute("DELETE FROM incoming")

    def clear(self) -> None:
        """Forget all that waits: the table is empty outside of a turn."""
        self._connection.execute("DELETE FROM incoming")

    def add(self, row: int, survey: Survey, crew: CrewId | None, *, given_place: bool) -> str:
        """Stage a survey; return "new", or where its id was staged before "same" or "other" by what it says."""
        values = (
            survey.id, format_moment(survey.asked_at), survey.answer, survey.promoter, crew, survey.street,
            survey.triangle, given_place, survey.measurement, survey.home_street, survey.cluster or None, survey.phase,
            survey.lon, survey.lat, survey.accuracy_m,
            format_moment(survey.device_time) if survey.device_time else None, survey.back_check_of,
        )  # fmt: skip
        done = self._connection.execute(
            "INSERT INTO incoming VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
            (row, *values),
        )
        if done.rowcount:
            return "new"
        staged = self._connection.execute("SELECT * FROM incoming WHERE id = ?", (survey.id,)).fetchone()
        return "same" if tuple(staged)[1:] == values else "other"

    def drop_known(self) -> tuple[int, list[tuple[int, str]]]:
        """Drop surveys stored earlier; return how many were identical, and row and id of those that were not."""
        identical, other = 0, []
        for row in self._connection.execute(
            f"SELECT i.row, i.id, {_SAME} AND (NOT i.given_place OR (i.street IS m.street_id AND i.triangle IS m.triangle_id))"  # noqa: S608  # constants
            " FROM incoming AS i CROSS JOIN survey AS s ON s.id = i.id CROSS JOIN measurement AS m ON m.id = s.measurement_id"
        ):
            if row[2]:
                identical += 1
            else:
                other.append((row[0], row[1]))
        self._connection.execute(
            "DELETE FROM incoming WHERE EXISTS (SELECT 1 FROM survey WHERE survey.id = incoming.id)"
        )
        return identical, other

    def count(self) -> int:
        """Return how many surveys wait."""
        return int(self._connection.execute("SELECT count(*) FROM incoming").fetchone()[0])

    def rows(self) -> Iterator[sqlite3.Row]:
        """Yield the waiting surveys, place by place, in the order asked."""
        return self._connection.execute("SELECT * FROM incoming ORDER BY street, triangle, asked_at, id")


@dataclass(slots=True)
class Appended:
    """What was appended: how many surveys, how many of them late, the SHA-256 of their lines in order, and whereto."""

    count: int
    late: int
    digest: str
    touched: list[MeasurementId] = field(default_factory=list)


def append_surveys(
    turn: Turn, staging: Staging, refuse: Refuse, *, event: Callable[[Appended], SurveysRecorded],
    progress: Progress = no_progress,
) -> Appended:  # fmt: skip
    """
    Sort staged surveys into measurements, append them, bring the tallies up to date, and record one event.

    Parameters
    ----------
    turn
        The open write turn.
    staging
        The surveys; those stored earlier have been dropped.
    refuse
        Told of surveys that no measurement can take: row, reason, value.
    event
        Makes the event from what was appended; nothing is recorded where nothing was.
    progress
        Told the share done.

    Raises
    ------
    Stopped
        If progress asked to stop.
    """
    sorter = _Sorter(turn, refuse)
    batch = turn.head.seq + 1  # the event that closes the batch: nobody else appends while the turn is open
    total, digest, done = max(1, staging.count()), hashlib.sha256(), Appended(0, 0, "")
    lines: list[tuple[object, ...]] = []
    for number, row in enumerate(staging.rows(), start=1):
        line = sorter.sort(row)
        if line is not None:
            lines.append((*line, batch))
            digest.update(survey_line(line))
            done.count += 1
            done.late += bool(line[-1])
        if number % _REPORT_EVERY == 0 or number == total:
            _report(progress, number / total, done.count)
        if len(lines) >= _REPORT_EVERY:
            _insert(turn, lines)
            lines.clear()
    sorter.save()
    staging.clear()
    if done.count:
        done.digest = digest.hexdigest()
        # Before the last surveys, so before any of a small batch: SQLite looks through all for those that wait for their event.
        seq = audit.append(turn, event(done))
        assert seq == batch  # nothing else was recorded in between
        _insert(turn, lines)
        tallies.recount(turn, sorter.touched, event=seq, progress=progress)
        done.touched = sorter.touched
    return done


def _report(progress: Progress, share: float, surveys: int) -> None:
    if not progress("append", share, surveys=surveys):
        raise Stopped("nothing was stored")


def has_survey(connection: sqlite3.Connection, name: SurveyId) -> bool:
    """Return whether a survey of that id is stored."""
    return connection.execute("SELECT 1 FROM survey WHERE id = ?", (name,)).fetchone() is not None


def survey_line(line: tuple[object, ...]) -> bytes:
    """Return the canonical line of a stored survey for the digest of its batch."""
    return (_ENCODE(line) + "\n").encode()


def batch_digests(connection: sqlite3.Connection) -> Iterator[tuple[int, int, int, str]]:
    """Yield for each batch its event, its count, how many were late and the digest, recomputed from the surveys."""
    batch, count, late, digest = 0, 0, 0, hashlib.sha256()
    for row in connection.execute(f"SELECT batch, {_STORED} FROM survey ORDER BY number"):  # noqa: S608  # constants
        if row[0] != batch and count:
            yield batch, count, late, digest.hexdigest()
            count, late, digest = 0, 0, hashlib.sha256()
        batch = row[0]
        line = tuple(row)[1:]
        digest.update(survey_line(line))
        count += 1
        late += line[-1]
    if count:
        yield batch, count, late, digest.hexdigest()


def _insert(turn: Turn, lines: list[tuple[object, ...]]) -> None:
    turn.connection.executemany(
        f"INSERT INTO survey ({_STORED}, batch) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608  # constants
        lines,
    )


@dataclass(slots=True)
class _Measurement:
    sitting: Sitting
    phase: str
    back_check_of: str | None
    given: bool
    touched: bool = False
    moved: bool = False


class _Sorter:
    """Sorts surveys, coming place by place in the order asked, into the measurements of their place."""

    def __init__(self, turn: Turn, refuse: Refuse) -> None:
        self._turn = turn
        self._rules: Rules = turn.rules
        self._refuse = refuse
        self._street: StreetId | None = None
        self._triangle: TriangleId | None = None
        self._here: list[_Measurement] = []
        self._named: dict[MeasurementId, _Measurement] = {}
        self._claims: list[Claim] = []
        self._overtaken = False  # a test was opened here that was made before another one which is known already
        self.touched: list[MeasurementId] = []

    def sort(self, row: sqlite3.Row) -> tuple[object, ...] | None:
        """Return the survey as it is stored, or None where no measurement can take it."""
        asked_at = datetime.fromisoformat(row["asked_at"])
        if (row["street"], row["triangle"]) != (self._street, self._triangle):
            self._go_to(row["street"], row["triangle"], asked_at)
        try:
            target = self._target(row["back_check_of"])
            one = self._given(row, asked_at, target) if row["measurement"] else self._grouped(row, asked_at, target)
        except BadInput as refusal:
            self._refuse(row["row"], refusal, row[refusal.field or "id"])
            return None
        before = one.sitting.opened_at
        one.sitting.stretch(asked_at)
        one.moved |= one.sitting.opened_at != before
        if not one.touched:
            one.touched = True
            self.touched.append(one.sitting.id)
        late = row["crew"] and match_late(self._claims, row["crew"], asked_at)[0] is Standing.LATE  # RULE 7
        return (
            row["id"], one.sitting.id, row["asked_at"], row["answer"], row["promoter"], row["home"], row["cluster"],
            row["phase"], row["lon"], row["lat"], row["accuracy_m"], row["device_time"], int(bool(late)),
        )  # fmt: skip

    def save(self) -> None:
        """Write the new start of the present place's measurements that earlier surveys were sorted into."""
        window = self._rules.measurement_window
        moved = [one for one in self._here if one.moved]
        self._turn.connection.executemany(
            "UPDATE measurement SET opened_at = ?, closes_at = ? WHERE id = ?",
            [
                (format_moment(one.sitting.opened_at), format_moment(one.sitting.opened_at + window), one.sitting.id)
                for one in moved
            ],
        )
        for one in moved:
            one.moved = False
        if self._overtaken:
            self._number_anew()

    def _number_anew(self) -> None:
        """RULE 9: tests are numbered by when they were made, in whatever order they came in; what changes is decided anew."""
        self._overtaken = False
        tests = sorted((one.sitting.opened_at, str(one.sitting.id)) for one in self._here if not one.back_check_of)
        connection, changed = self._turn.connection, []
        for opened_at, name in tests:
            crew, number = connection.execute("SELECT crew_id, try FROM measurement WHERE id = ?", (name,)).fetchone()
            now = number_of_try((opened_at, name), self._test_since(crew, opened_at)[0], tests)
            if now > number:
                changed.append((now, rule_of_try(now, self._rules), name))
        connection.executemany("UPDATE measurement SET try = ?, rule = ? WHERE id = ?", changed)
        connection.executemany("UPDATE tally SET undecided = 1 WHERE measurement_id = ?", [row[-1:] for row in changed])

    def _go_to(self, street: StreetId | None, triangle: TriangleId | None, asked_at: datetime) -> None:
        self.save()
        self._street, self._triangle = street, triangle
        self._claims = claims_of_street(self._turn.connection, street) if street else []
        # a claim may go on counting the tests of one that its crew gave up within the grace
        rules = self._rules
        earlier = rules.cool_down + rules.withdrawal_grace
        reach = format_moment(asked_at - rules.claim_duration - earlier - rules.measurement_window)
        place = "street_id" if street else "triangle_id"
        self._here = [
            _Measurement(
                Sitting(MeasurementId(row[0]), parse_moment(row[1]), parse_moment(row[2] or row[1])), row[3], row[4],
                bool(row[5]),
            )
            for row in self._turn.connection.execute(
                "SELECT m.id, m.opened_at, t.last_asked_at, m.phase, m.back_check_of, m.given"  # noqa: S608  # two constants
                " FROM measurement AS m LEFT JOIN tally AS t ON t.measurement_id = m.id"
                f" WHERE m.{place} = ? AND m.opened_at >= ? ORDER BY m.opened_at",
                (street or triangle, reach),
            )
        ]  # fmt: skip
        self._named = {one.sitting.id: one for one in self._here}

    def _given(self, row: sqlite3.Row, asked_at: datetime, target: str | None) -> _Measurement:
        name = MeasurementId(row["measurement"])
        one = self._named.get(name)
        if one is None:
            self._refuse_elsewhere(name)
            return self._open(name, row, asked_at, target)
        if not one.sitting.takes(asked_at, self._rules.measurement_window):
            hours = self._rules.measurement_window / timedelta(hours=1)
            raise BadInput(
                Said("measurement %(name)s would last longer than %(hours)s hours", name=name, hours=f'{hours:g}'), field="measurement",
                cure="give the later surveys a measurement of their own",
            )  # fmt: skip
        return one

    def _grouped(self, row: sqlite3.Row, asked_at: datetime, target: str | None) -> _Measurement:
        # RULE 9: one measurement is at most two hours at one place, before or after pitching, own or blind
        phase, window = Phase(row["phase"]).of_measurement, self._rules.measurement_window
        for one in self._here:
            alike = (one.given, one.phase, one.back_check_of) == (False, phase, target)
            if alike and one.sitting.takes(asked_at, window):
                return one
        name = name_measurement(row["street"] or row["triangle"], phase, target or "", asked_at)
        return self._open(name, row, asked_at, target)

    def _open(self, name: MeasurementId, row: sqlite3.Row, asked_at: datetime, target: str | None) -> _Measurement:
        phase = Phase(row["phase"]).of_measurement
        one = _Measurement(Sitting(name, asked_at, asked_at), phase, target, bool(row["measurement"]))
        since, claim = self._test_since(row["crew"], asked_at)
        opening = (asked_at, str(name))
        others = [(other.sitting.opened_at, str(other.sitting.id)) for other in self._here if not other.back_check_of]
        number = 1 if target else number_of_try(opening, since, others)
        self._overtaken |= not target and any(other > opening for other in others)
        self._turn.connection.execute(
            "INSERT INTO measurement (id, street_id, triangle_id, opened_at, closes_at, rule, try, phase, blind, crew_id,"
            " claim_id, given, back_check_of) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                name, self._street, self._triangle, format_moment(asked_at),
                format_moment(asked_at + self._rules.measurement_window), rule_of_try(number, self._rules), number, phase,
                target is not None, row["crew"], claim, one.given, target,
            ),
        )  # fmt: skip
        self._here.append(one)
        self._named[name] = one
        return one

    def _test_since(self, crew: str | None, asked_at: datetime) -> tuple[datetime, str | None]:
        """Return from when tests of the place count against the three of a claim, and the claim of the street."""
        since = asked_at - self._rules.claim_duration
        if self._street is not None:
            held = next((claim for claim in self._claims if claim.holds_at(asked_at)), None)
            return (tests_since(held, self._claims, self._rules), held.id) if held else (since, None)
        if crew is None or self._triangle is None:
            return since, None
        claims = claims_in_triangle(self._turn.connection, self._triangle, CrewId(crew))
        first = min((one for one in claims if one.holds_at(asked_at)), key=lambda one: one.claimed_at, default=None)
        return (tests_since(first, claims, self._rules) if first else since), None

    def _target(self, name: str | None) -> str | None:
        """Return the measurement that a back-check verifies, named by itself or by one of its surveys."""
        if name is None:
            return None
        row = self._turn.connection.execute(
            "SELECT id FROM measurement WHERE (street_id = :street OR triangle_id = :triangle) AND id IN"
            " (SELECT :name UNION ALL SELECT measurement_id FROM survey WHERE id = :name)",
            {"street": self._street, "triangle": self._triangle, "name": name},
        ).fetchone()
        if row is None:
            raise BadInput(
                Said("no measurement of this place is called '%(name)s'", name=name), field="back_check_of",
                cure="name the measurement that is checked, or one of its surveys; record it first",
            )  # fmt: skip
        return str(row[0])

    def _refuse_elsewhere(self, name: MeasurementId) -> None:
        row = self._turn.connection.execute(
            "SELECT street_id, triangle_id FROM measurement WHERE id = ?", (name,)
        ).fetchone()
        if row is None:
            return
        if tuple(row) == (self._street, self._triangle):
            problem = Said("measurement %(name)s was longer than a claim ago", name=name)
        elif row[0]:
            problem = Said("measurement %(name)s is at street %(street)s", name=name, street=row[0])
        else:
            problem = Said(
                "measurement %(name)s is at the connection point of triangle %(triangle)s", name=name, triangle=row[1]
            )
        raise BadInput(problem, field="measurement", cure="give these surveys a measurement of their own")
