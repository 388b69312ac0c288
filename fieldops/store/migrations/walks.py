"""Walks by crew and day: the newest row counts."""

WALKS = """
CREATE TABLE walk (
  event INTEGER PRIMARY KEY REFERENCES event DEFERRABLE INITIALLY DEFERRED, crew_id TEXT NOT NULL REFERENCES crew,
  day TEXT NOT NULL, length_m REAL NOT NULL, bound_m REAL NOT NULL, stops TEXT NOT NULL, way TEXT NOT NULL) STRICT;
CREATE INDEX walk_crew ON walk (crew_id, day, event)
"""
