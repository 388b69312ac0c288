"""Tables for a spreadsheet: what the region holds, in columns that people know; ids where a name is private."""

from fieldops.store.sqlite import sqlite3

TABLES: dict[str, str] = {
    "streets": "SELECT street, city, kind, label, people, walk_m AS length_m, state, crew, held_until, knows, asked, share, low, high, "
    "hours_to_target, permission, priority, zone, triangle FROM street_status ORDER BY label, street",
    "claims": "SELECT k.id AS claim, k.street_id AS street, s.label, k.crew_id AS crew, c.name AS crew_name, k.claimed_at, k.held_until, "
    "k.ended_at, k.outcome, k.reason, k.credit, k.plan_id AS plan FROM claim AS k JOIN street AS s ON s.id = k.street_id "
    "JOIN crew AS c ON c.id = k.crew_id ORDER BY k.claimed_at, k.id",
    "crews": "SELECT c.id AS crew, c.name, c.people, c.hours_per_day, c.home_lon, c.home_lat, c.base, "
    "(SELECT count(*) FROM claim AS k, present AS now WHERE k.crew_id = c.id AND k.claimed_at <= now.moment AND coalesce(k.ended_at, k.held_until) > now.moment) "
    "AS holds, (SELECT count(*) FROM claim AS k WHERE k.credit = c.id) AS saturated, (SELECT coalesce(sum(e.promoter_hours), 0) FROM effort AS e "
    "WHERE e.crew_id = c.id) AS promoter_hours FROM crew AS c ORDER BY c.id",
    "decisions": "SELECT id AS decision, street_id AS street, triangle_id AS triangle, rule, asked, knows, surveys_used, verdict, "
    "wrong_move_on, wrong_push_on, crew_id AS crew, decided_at, withdrawn_at FROM decision ORDER BY decided_at, id",
    "effort": "SELECT day, crew_id AS crew, street_id AS street, venue_id AS venue, promoter_hours, contacts FROM effort ORDER BY day, crew_id, id",
    "timesheet": "SELECT e.day, e.crew_id AS crew, c.name AS crew_name, c.people, sum(e.promoter_hours) AS promoter_hours, "
    "c.people * c.hours_per_day AS full_day, sum(coalesce(e.contacts, 0)) AS contacts FROM effort AS e JOIN crew AS c ON c.id = e.crew_id "
    "GROUP BY e.day, e.crew_id ORDER BY e.day, e.crew_id",
    "surveys": "SELECT v.id AS survey, v.asked_at, v.answer, v.promoter_id AS promoter, v.measurement_id AS measurement, m.street_id AS street, "
    "m.triangle_id AS triangle, v.home_street_id AS home_street, v.cluster, v.phase, v.late, EXISTS (SELECT 1 FROM quarantine AS q "
    "WHERE q.survey_id = v.id AND q.until_seq IS NULL) AS quarantined FROM survey AS v JOIN measurement AS m ON m.id = v.measurement_id ORDER BY v.number",
    "venues": "SELECT id AS venue, kind, name, people_per_hour, open_from, open_until, street_id AS street, source FROM venue ORDER BY id",
    "events": "SELECT seq, kind, took_effect_at, recorded_at, actor, device, why, facts FROM event ORDER BY seq",
}  # fmt: skip


def read_table(connection: sqlite3.Connection, name: str) -> list[dict[str, object]]:
    """Return all rows of one of `TABLES` by column."""
    return [dict(row) for row in connection.execute(TABLES[name])]
