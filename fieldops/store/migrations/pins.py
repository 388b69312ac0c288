"""What leads pin by hand, and reasons as values beside their English text."""

PINS = """
CREATE TABLE pin (
  event INTEGER PRIMARY KEY REFERENCES event DEFERRABLE INITIALLY DEFERRED, street_id TEXT NOT NULL, crew_id TEXT,
  set_at TEXT NOT NULL, why TEXT NOT NULL, lifted_at TEXT) STRICT;
CREATE UNIQUE INDEX pin_in_force ON pin (street_id) WHERE lifted_at IS NULL;
ALTER TABLE assignment ADD COLUMN because TEXT NOT NULL DEFAULT '';
ALTER TABLE unassigned ADD COLUMN because TEXT NOT NULL DEFAULT ''
"""
