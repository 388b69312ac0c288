"""Reserve lists of phones, and what the last plan left behind for dispatch."""

# RULE 6: a street is kept for at most one crew at any moment; a reserve is over by its time alone, as a claim is.
RESERVES = """
CREATE TABLE reserve (
  street_id TEXT NOT NULL, event INTEGER NOT NULL REFERENCES event, crew_id TEXT NOT NULL REFERENCES crew,
  kept_from TEXT NOT NULL, kept_until TEXT NOT NULL, ended_at TEXT, PRIMARY KEY (street_id, event),
  CHECK (kept_until > kept_from), CHECK (ended_at IS NULL OR (ended_at >= kept_from AND ended_at <= kept_until))
) STRICT, WITHOUT ROWID;
CREATE INDEX reserve_crew ON reserve (crew_id, kept_until);
CREATE TRIGGER reserve_never_overlaps BEFORE INSERT ON reserve
  WHEN EXISTS (SELECT 1 FROM reserve AS r WHERE r.street_id = NEW.street_id
    AND r.kept_from < NEW.kept_until AND NEW.kept_from < coalesce(r.ended_at, r.kept_until))
  BEGIN SELECT RAISE(ABORT, 'a street is kept for one crew only'); END;
CREATE TABLE outlook (
  street_id TEXT PRIMARY KEY, value REAL NOT NULL, hours REAL, finish REAL NOT NULL, share REAL NOT NULL,
  as_of TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE outlook_price (
  crew_id TEXT PRIMARY KEY, hour_price REAL NOT NULL, place_price REAL NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX street_near ON street (lon, lat, status, permission, id, node, people, priority);
CREATE INDEX node_position ON node (lon, lat);
CREATE INDEX segment_walk ON segment (from_node, to_node, length_m, kind)
"""
