"""The first tables of a region: its record, its map, people, evidence, claims and plans."""

LAYERS = {
    "street": ("GEOMETRY", "streets, lanes and compounds: the units of claim"),
    "segment": ("LINESTRING", "edges of the walkable graph"),
    "building": ("POINT", "residential buildings"),
    "gate": ("POINT", "gates of compounds"),
    "venue": ("POINT", "places where people are met"),
    "hub": ("POINT", "hubs A, B, C"),
    "triangle": ("POLYGON", "connection triangles"),
    "zone": ("GEOMETRY", "zones, the units of a burst"),
}

# Feature tables cannot be STRICT: it refuses geometry types. No R-tree: its triggers need functions that SQLite lacks.
MAP = """
CREATE TABLE city (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, time_zone TEXT NOT NULL, source TEXT NOT NULL, digest TEXT NOT NULL,
  attribution TEXT NOT NULL, coordinates TEXT NOT NULL, boundary BLOB, report TEXT NOT NULL, imported_at TEXT NOT NULL
) STRICT;
CREATE TABLE node (
  id INTEGER NOT NULL, city_id TEXT NOT NULL REFERENCES city, lon REAL NOT NULL, lat REAL NOT NULL,
  PRIMARY KEY (city_id, id)) STRICT, WITHOUT ROWID;
CREATE TABLE street (
  fid INTEGER PRIMARY KEY, geom GEOMETRY NOT NULL, id TEXT NOT NULL UNIQUE, city_id TEXT NOT NULL REFERENCES city,
  kind TEXT NOT NULL CHECK (kind IN ('street', 'lane', 'compound')), name TEXT NOT NULL, label TEXT NOT NULL,
  name_source TEXT NOT NULL, length_m REAL NOT NULL, walk_m REAL NOT NULL,
  people REAL NOT NULL, people_low REAL NOT NULL, people_high REAL NOT NULL, people_source TEXT NOT NULL,
  buildings INTEGER NOT NULL, floors REAL, permission TEXT NOT NULL DEFAULT 'free'
    CHECK (permission IN ('free', 'unknown', 'granted', 'refused')),
  priority REAL NOT NULL DEFAULT 1.0, status TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'closed', 'gone')),
  triangle_id TEXT, zone_id TEXT, lon REAL NOT NULL, lat REAL NOT NULL, node INTEGER, ways TEXT NOT NULL);
CREATE TABLE street_edit (seq INTEGER PRIMARY KEY, city_id TEXT NOT NULL REFERENCES city, edit TEXT NOT NULL) STRICT;
CREATE INDEX street_triangle ON street (triangle_id);
CREATE INDEX street_zone ON street (zone_id);
CREATE INDEX street_position ON street (lon, lat);
CREATE TABLE segment (
  fid INTEGER PRIMARY KEY, geom LINESTRING NOT NULL, city_id TEXT NOT NULL REFERENCES city, way INTEGER NOT NULL,
  from_node INTEGER NOT NULL, to_node INTEGER NOT NULL, length_m REAL NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('claim', 'link', 'closed')), highway TEXT NOT NULL, name TEXT NOT NULL,
  dual INTEGER NOT NULL, bridge INTEGER NOT NULL, street_id TEXT);
CREATE INDEX segment_street ON segment (street_id);
CREATE TABLE building (
  fid INTEGER PRIMARY KEY, geom POINT NOT NULL, id TEXT NOT NULL UNIQUE, city_id TEXT NOT NULL REFERENCES city,
  kind TEXT NOT NULL, street_id TEXT NOT NULL, floors REAL, area_m2 REAL NOT NULL, people REAL NOT NULL, frontage_m REAL NOT NULL);
CREATE INDEX building_street ON building (street_id);
CREATE TABLE gate (
  fid INTEGER PRIMARY KEY, geom POINT NOT NULL, city_id TEXT NOT NULL REFERENCES city, street_id TEXT NOT NULL,
  node INTEGER NOT NULL, source TEXT NOT NULL);
CREATE TABLE venue (
  fid INTEGER PRIMARY KEY, geom POINT NOT NULL, id TEXT NOT NULL UNIQUE, city_id TEXT NOT NULL REFERENCES city,
  kind TEXT NOT NULL, name TEXT NOT NULL, people_per_hour REAL NOT NULL, open_from TEXT, open_until TEXT,
  street_id TEXT, source TEXT NOT NULL);
CREATE INDEX venue_street ON venue (street_id);
CREATE TABLE hub (
  fid INTEGER PRIMARY KEY, geom POINT NOT NULL, id TEXT NOT NULL UNIQUE, city_id TEXT NOT NULL REFERENCES city,
  kind TEXT NOT NULL, node INTEGER NOT NULL, weight REAL NOT NULL);
CREATE TABLE triangle (
  fid INTEGER PRIMARY KEY, geom POLYGON NOT NULL, id TEXT NOT NULL UNIQUE, city_id TEXT NOT NULL REFERENCES city,
  a TEXT NOT NULL, b TEXT NOT NULL, c TEXT NOT NULL, point_node INTEGER NOT NULL, point_lon REAL NOT NULL,
  point_lat REAL NOT NULL, radius_m REAL NOT NULL, barrier INTEGER NOT NULL, inside INTEGER NOT NULL, zone_id TEXT);
CREATE TABLE zone (
  fid INTEGER PRIMARY KEY, geom GEOMETRY NOT NULL, id TEXT NOT NULL UNIQUE, city_id TEXT NOT NULL REFERENCES city,
  name TEXT NOT NULL, streets INTEGER NOT NULL, people REAL NOT NULL, work_hours REAL NOT NULL)
"""

RECORD = """
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE event (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, took_effect_at TEXT NOT NULL, recorded_at TEXT NOT NULL,
  actor TEXT NOT NULL, device TEXT, why TEXT NOT NULL, facts TEXT NOT NULL, chain TEXT NOT NULL) STRICT;
CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event
  BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON event
  BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END
"""

PEOPLE = """
CREATE TABLE crew (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, people INTEGER NOT NULL, hours_per_day REAL NOT NULL, home_lon REAL NOT NULL,
  home_lat REAL NOT NULL, base TEXT, days_off TEXT NOT NULL) STRICT;
CREATE TABLE promoter (
  id TEXT PRIMARY KEY, crew_id TEXT NOT NULL REFERENCES crew, since TEXT, until TEXT) STRICT;
CREATE INDEX promoter_crew ON promoter (crew_id)
"""

EVIDENCE = """
CREATE TABLE measurement (
  id TEXT PRIMARY KEY, street_id TEXT, triangle_id TEXT, opened_at TEXT NOT NULL, closes_at TEXT NOT NULL,
  rule TEXT NOT NULL, try INTEGER NOT NULL, phase TEXT NOT NULL CHECK (phase IN ('arrival', 'exit', 'unknown')),
  blind INTEGER NOT NULL, crew_id TEXT, claim_id TEXT, given INTEGER NOT NULL, back_check_of TEXT REFERENCES measurement,
  CHECK ((street_id IS NULL) <> (triangle_id IS NULL))) STRICT;
CREATE INDEX measurement_street ON measurement (street_id, opened_at) WHERE street_id IS NOT NULL;
CREATE INDEX measurement_triangle ON measurement (triangle_id, opened_at) WHERE triangle_id IS NOT NULL;
CREATE TABLE survey (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, measurement_id TEXT NOT NULL REFERENCES measurement,
  asked_at TEXT NOT NULL, answer TEXT NOT NULL CHECK (answer IN ('knows', 'does_not_know', 'refused')),
  promoter_id TEXT NOT NULL, home_street_id TEXT, cluster TEXT,
  phase TEXT NOT NULL CHECK (phase IN ('before', 'after', 'unknown')), lon REAL, lat REAL, accuracy_m REAL,
  device_time TEXT, late INTEGER NOT NULL,
  batch INTEGER NOT NULL REFERENCES event DEFERRABLE INITIALLY DEFERRED) STRICT;
CREATE INDEX survey_measurement ON survey (measurement_id, asked_at);
CREATE TRIGGER survey_is_never_changed BEFORE UPDATE ON survey
  BEGIN SELECT RAISE(ABORT, 'surveys are append-only'); END;
CREATE TRIGGER survey_is_never_deleted BEFORE DELETE ON survey
  BEGIN SELECT RAISE(ABORT, 'surveys are append-only'); END;
CREATE TABLE incoming (
  row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, asked_at TEXT NOT NULL, answer TEXT NOT NULL, promoter TEXT NOT NULL,
  crew TEXT, street TEXT, triangle TEXT, given_place INTEGER NOT NULL, measurement TEXT, home TEXT, cluster TEXT,
  phase TEXT NOT NULL, lon REAL, lat REAL, accuracy_m REAL, device_time TEXT, back_check_of TEXT) STRICT;
CREATE INDEX incoming_order ON incoming (street, triangle, asked_at, id);
CREATE TABLE tally (
  measurement_id TEXT PRIMARY KEY REFERENCES measurement, answers TEXT NOT NULL, promoters INTEGER NOT NULL,
  corners INTEGER NOT NULL, left_out TEXT NOT NULL, last_asked_at TEXT NOT NULL, digest TEXT NOT NULL,
  undecided INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX tally_undecided ON tally (measurement_id) WHERE undecided = 1;
CREATE TABLE home_tally (
  measurement_id TEXT NOT NULL REFERENCES measurement, street_id TEXT NOT NULL, knows INTEGER NOT NULL,
  asked INTEGER NOT NULL, PRIMARY KEY (measurement_id, street_id)) STRICT, WITHOUT ROWID;
CREATE INDEX home_tally_street ON home_tally (street_id);
CREATE TABLE quarantine_order (
  seq INTEGER PRIMARY KEY REFERENCES event, promoter_id TEXT, measurement_id TEXT, reason TEXT NOT NULL,
  made_at TEXT NOT NULL, undone_at TEXT, CHECK ((promoter_id IS NULL) <> (measurement_id IS NULL))) STRICT;
CREATE TABLE quarantine (
  survey_id TEXT NOT NULL REFERENCES survey (id), since_seq INTEGER NOT NULL, until_seq INTEGER, reason TEXT NOT NULL,
  PRIMARY KEY (survey_id, since_seq)) STRICT;
CREATE INDEX quarantine_in_force ON quarantine (survey_id) WHERE until_seq IS NULL;
CREATE TABLE effort (
  id TEXT PRIMARY KEY, day TEXT NOT NULL, crew_id TEXT NOT NULL REFERENCES crew, street_id TEXT NOT NULL, venue_id TEXT,
  promoter_hours REAL NOT NULL CHECK (promoter_hours > 0), contacts INTEGER, recorded_at TEXT NOT NULL) STRICT;
CREATE INDEX effort_street ON effort (street_id, day);
CREATE TABLE decision (
  id TEXT PRIMARY KEY, measurement_id TEXT NOT NULL REFERENCES measurement, street_id TEXT, triangle_id TEXT,
  rule TEXT NOT NULL, asked INTEGER NOT NULL, knows INTEGER NOT NULL, surveys_used INTEGER NOT NULL,
  verdict TEXT NOT NULL CHECK (verdict IN ('move_on', 'push_on')), wrong_move_on REAL NOT NULL, wrong_push_on REAL NOT NULL,
  surveys_digest TEXT NOT NULL, crew_id TEXT, decisive_at TEXT NOT NULL, decided_at TEXT NOT NULL, withdrawn_at TEXT) STRICT;
CREATE INDEX decision_measurement ON decision (measurement_id);
CREATE INDEX decision_street ON decision (street_id, decisive_at) WHERE street_id IS NOT NULL;
CREATE INDEX decision_triangle ON decision (triangle_id, decisive_at) WHERE triangle_id IS NOT NULL;
CREATE TABLE closure (
  street_id TEXT NOT NULL, since TEXT NOT NULL, reopens_at TEXT NOT NULL, ended_at TEXT,
  decision_id TEXT NOT NULL REFERENCES decision, PRIMARY KEY (street_id, since, decision_id)) STRICT, WITHOUT ROWID;
CREATE TABLE back_check (
  id TEXT PRIMARY KEY, measurement_id TEXT NOT NULL UNIQUE REFERENCES measurement, crew_id TEXT, ordered_at TEXT NOT NULL) STRICT
"""

# RULE 1: the index admits one open claim per street; the trigger refuses any overlap in time, open or ended.
# The time of a claim only ever shrinks: it is ended early, or found to have ended earlier still, and never lives again.
CLAIMS = """
CREATE TABLE claim (
  id TEXT PRIMARY KEY, street_id TEXT NOT NULL, crew_id TEXT NOT NULL REFERENCES crew, generation INTEGER NOT NULL,
  claimed_at TEXT NOT NULL, held_until TEXT NOT NULL, ended_at TEXT,
  outcome TEXT CHECK (outcome IN ('saturated', 'withdrawn', 'revoked', 'forfeited')), reason TEXT NOT NULL DEFAULT '',
  credit TEXT REFERENCES crew, plan_id TEXT,
  CHECK (held_until > claimed_at), CHECK ((ended_at IS NULL) = (outcome IS NULL)),
  CHECK ((outcome IS 'saturated') = (credit IS NOT NULL)), CHECK (outcome IS NOT 'forfeited' OR ended_at = held_until),
  CHECK (ended_at IS NULL OR (ended_at >= claimed_at AND ended_at <= held_until)),
  UNIQUE (street_id, generation)) STRICT;
CREATE UNIQUE INDEX claim_one_open ON claim (street_id) WHERE ended_at IS NULL;
CREATE INDEX claim_crew ON claim (crew_id, held_until);
CREATE INDEX claim_street ON claim (street_id, claimed_at);
CREATE INDEX claim_until ON claim (held_until);
CREATE INDEX claim_unclosed ON claim (held_until) WHERE ended_at IS NULL;
CREATE TRIGGER claim_never_overlaps BEFORE INSERT ON claim
  WHEN EXISTS (SELECT 1 FROM claim AS c WHERE c.street_id = NEW.street_id
    AND c.claimed_at < NEW.held_until AND NEW.claimed_at < coalesce(c.ended_at, c.held_until)
    AND c.claimed_at < coalesce(c.ended_at, c.held_until))
  BEGIN SELECT RAISE(ABORT, 'claims on a street never overlap'); END;
CREATE TRIGGER claim_only_shrinks BEFORE UPDATE ON claim
  WHEN NEW.ended_at IS NULL OR NEW.ended_at >= OLD.ended_at OR NEW.id <> OLD.id OR NEW.street_id <> OLD.street_id
    OR NEW.crew_id <> OLD.crew_id OR NEW.generation <> OLD.generation OR NEW.claimed_at <> OLD.claimed_at
    OR NEW.held_until <> OLD.held_until OR NEW.plan_id IS NOT OLD.plan_id
  BEGIN SELECT RAISE(ABORT, 'a claim can only be ended, and only earlier'); END;
CREATE TRIGGER claim_is_never_deleted BEFORE DELETE ON claim
  BEGIN SELECT RAISE(ABORT, 'claims are never deleted'); END;
CREATE TABLE cool_down_override (
  claim_id TEXT PRIMARY KEY REFERENCES claim, made_at TEXT NOT NULL, reason TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE notice (
  id TEXT PRIMARY KEY, claim_id TEXT NOT NULL REFERENCES claim, crew_id TEXT NOT NULL, street_id TEXT NOT NULL,
  lead_time_s INTEGER NOT NULL, due_at TEXT NOT NULL, held_until TEXT NOT NULL, channel TEXT NOT NULL,
  made_at TEXT NOT NULL, delivered_at TEXT, attempts INTEGER NOT NULL DEFAULT 0, next_try_at TEXT,
  problem TEXT NOT NULL DEFAULT '', UNIQUE (claim_id, channel, lead_time_s)) STRICT;
CREATE INDEX notice_waiting ON notice (channel, next_try_at) WHERE delivered_at IS NULL AND next_try_at IS NOT NULL;
CREATE INDEX notice_crew ON notice (crew_id, made_at)
"""

PLANS = """
CREATE TABLE plan (
  id TEXT PRIMARY KEY, made_at TEXT NOT NULL, starts_at TEXT NOT NULL, status TEXT NOT NULL, objective REAL NOT NULL,
  bound REAL NOT NULL, gap REAL NOT NULL, seconds REAL NOT NULL, seed INTEGER NOT NULL, figures TEXT NOT NULL,
  published_at TEXT) STRICT;
CREATE TABLE assignment (
  plan_id TEXT NOT NULL REFERENCES plan, street_id TEXT NOT NULL, crew_id TEXT NOT NULL, hours REAL NOT NULL,
  finish_probability REAL NOT NULL, value REAL NOT NULL, pinned INTEGER NOT NULL, reason TEXT NOT NULL,
  PRIMARY KEY (plan_id, street_id)) STRICT, WITHOUT ROWID;
CREATE INDEX assignment_crew ON assignment (plan_id, crew_id);
CREATE TABLE unassigned (
  plan_id TEXT NOT NULL REFERENCES plan, street_id TEXT NOT NULL, reason TEXT NOT NULL,
  PRIMARY KEY (plan_id, street_id)) STRICT, WITHOUT ROWID
"""

# RULE 9: with which counted answer enough promoters or corners had asked; `store/upgrade.py` fills it in
SPREAD = """
ALTER TABLE tally ADD COLUMN spread_at INTEGER;
ALTER TABLE tally DROP COLUMN promoters;
ALTER TABLE tally DROP COLUMN corners;
"""

# When promoters may enter, HH:MM of the city's day; NULL where always.
ENTRY_HOURS = """
ALTER TABLE street ADD COLUMN open_from TEXT;
ALTER TABLE street ADD COLUMN open_until TEXT;
CREATE INDEX street_entry ON street (id, open_from, open_until) WHERE open_from IS NOT NULL
"""
