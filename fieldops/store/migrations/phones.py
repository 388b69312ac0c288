"""What phones told: one append-only row a record. Views give the nouns that follow from it, undone records left out."""

RECORDS = """
CREATE TABLE phone_record (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, device TEXT NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL,
  promoter_id TEXT NOT NULL, crew_id TEXT, made_at TEXT NOT NULL, device_time TEXT NOT NULL, offset_s REAL,
  sent_offset_s REAL NOT NULL, street_id TEXT, triangle_id TEXT, venue_id TEXT, generation INTEGER, standing TEXT NOT NULL,
  what TEXT NOT NULL, door TEXT NOT NULL, hours REAL, day TEXT, about TEXT NOT NULL, why TEXT NOT NULL, lon REAL, lat REAL,
  accuracy_m REAL, marks TEXT NOT NULL, told TEXT NOT NULL, answer TEXT NOT NULL,
  batch INTEGER NOT NULL REFERENCES event DEFERRABLE INITIALLY DEFERRED) STRICT;
CREATE INDEX phone_record_promoter ON phone_record (promoter_id, made_at);
CREATE INDEX phone_record_crew ON phone_record (crew_id, day, kind);
CREATE INDEX phone_record_street ON phone_record (street_id, kind, made_at);
CREATE INDEX phone_record_about ON phone_record (about) WHERE about <> '';
CREATE INDEX phone_record_do_not_contact ON phone_record (street_id) WHERE what = 'do_not_contact';
CREATE TRIGGER phone_record_is_never_changed BEFORE UPDATE ON phone_record
  BEGIN SELECT RAISE(ABORT, 'what phones told is append-only'); END;
CREATE TRIGGER phone_record_is_never_deleted BEFORE DELETE ON phone_record
  BEGIN SELECT RAISE(ABORT, 'what phones told is append-only'); END;
CREATE VIEW contact AS
  SELECT id, made_at, crew_id, promoter_id, street_id, venue_id, triangle_id, door, what AS disposition, standing, marks, lon,
    lat, accuracy_m
  FROM phone_record AS r WHERE kind = 'contact' AND NOT EXISTS
    (SELECT 1 FROM phone_record AS u WHERE u.about = r.id AND u.kind = 'undo' AND u.promoter_id = r.promoter_id);
CREATE VIEW venue_visit AS
  SELECT id, made_at, crew_id, promoter_id, street_id, venue_id, what AS outcome, standing, marks, lon, lat, accuracy_m
  FROM phone_record AS r WHERE kind = 'visit' AND NOT EXISTS
    (SELECT 1 FROM phone_record AS u WHERE u.about = r.id AND u.kind = 'undo' AND u.promoter_id = r.promoter_id);
CREATE VIEW do_not_contact AS
  SELECT id, made_at AS since, street_id, venue_id, triangle_id, door, crew_id FROM contact
  WHERE disposition = 'do_not_contact';
CREATE VIEW hours_told AS
  SELECT id, made_at, seq, crew_id, promoter_id, day, street_id, venue_id, hours FROM phone_record WHERE kind = 'hours'
"""

# Public keys in SPKI, private ones sealed under the region's key, which lies elsewhere.
KEYS = """
CREATE TABLE phone_key (
  id TEXT PRIMARY KEY, public BLOB NOT NULL, seal BLOB NOT NULL, made_at TEXT NOT NULL, retired_at TEXT) STRICT
"""

# Who asked not to be contacted can have that lifted by a lead; what was asked stays, with the time for which it held.
LIFTED = """
CREATE TABLE contact_lifted (
  record_id TEXT PRIMARY KEY REFERENCES phone_record (id), why TEXT NOT NULL, lifted_at TEXT NOT NULL) STRICT, WITHOUT ROWID;
DROP VIEW do_not_contact;
CREATE VIEW asked_not_to_be_contacted AS
  SELECT c.id, c.made_at AS since, l.lifted_at, l.why, c.street_id, c.venue_id, c.triangle_id, c.door, c.crew_id
  FROM contact AS c LEFT JOIN contact_lifted AS l ON l.record_id = c.id WHERE c.disposition = 'do_not_contact';
CREATE VIEW do_not_contact AS SELECT * FROM asked_not_to_be_contacted WHERE lifted_at IS NULL
"""

# The region keeps positions on a coarse grid; what was measured lies here for some weeks.
POSITIONS = """
CREATE TABLE position (
  record_id TEXT PRIMARY KEY, made_at TEXT NOT NULL, lon REAL NOT NULL, lat REAL NOT NULL, accuracy_m REAL)
  STRICT, WITHOUT ROWID;
CREATE INDEX position_age ON position (made_at)
"""

INCIDENT_NOTES = """
CREATE TABLE incident_note (incident_id TEXT PRIMARY KEY, made_at TEXT NOT NULL, sealed BLOB NOT NULL) STRICT
"""

APPEALS = """
CREATE TABLE appeal_answer (
  appeal_id TEXT PRIMARY KEY REFERENCES phone_record (id), upheld INTEGER NOT NULL, why TEXT NOT NULL,
  answered_at TEXT NOT NULL) STRICT, WITHOUT ROWID
"""

WORDS = """
CREATE TABLE day_words (crew_id TEXT NOT NULL, day TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (crew_id, day)) STRICT
"""

# Hours are corrected to none too: the row stays and says 0.
NO_HOURS = """
CREATE TABLE effort_before AS SELECT * FROM effort;
DROP TABLE effort;
CREATE TABLE effort (
  id TEXT PRIMARY KEY, day TEXT NOT NULL, crew_id TEXT NOT NULL REFERENCES crew, street_id TEXT NOT NULL, venue_id TEXT,
  promoter_hours REAL NOT NULL CHECK (promoter_hours >= 0), contacts INTEGER, recorded_at TEXT NOT NULL) STRICT;
INSERT INTO effort SELECT * FROM effort_before;
DROP TABLE effort_before;
CREATE INDEX effort_street ON effort (street_id, day);
CREATE TRIGGER effort_stays BEFORE UPDATE ON effort WHEN NEW.id IS NOT OLD.id OR NEW.day IS NOT OLD.day
  OR NEW.crew_id IS NOT OLD.crew_id OR NEW.street_id IS NOT OLD.street_id OR NEW.venue_id IS NOT OLD.venue_id
  BEGIN SELECT RAISE(ABORT, 'table effort keeps what was said'); END;
CREATE TRIGGER effort_is_never_deleted BEFORE DELETE ON effort
  BEGIN SELECT RAISE(ABORT, 'table effort keeps every row'); END
"""
