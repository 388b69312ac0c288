"""Bursts: every setting is kept, the newest counts."""

REASONS = "ALTER TABLE burst ADD COLUMN because TEXT NOT NULL DEFAULT ''"
BURSTS = """
CREATE TABLE burst (
  event INTEGER NOT NULL REFERENCES event DEFERRABLE INITIALLY DEFERRED, part TEXT NOT NULL, zone_id TEXT NOT NULL,
  starts_on TEXT NOT NULL, days INTEGER NOT NULL CHECK (days > 0), people INTEGER NOT NULL CHECK (people > 0),
  hours REAL NOT NULL, reason TEXT NOT NULL, streets TEXT NOT NULL, PRIMARY KEY (event, part, starts_on)) STRICT, WITHOUT ROWID;
CREATE TABLE burst_override (
  event INTEGER PRIMARY KEY REFERENCES event DEFERRABLE INITIALLY DEFERRED, zone_id TEXT NOT NULL) STRICT
"""
