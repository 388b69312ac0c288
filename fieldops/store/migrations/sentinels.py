"""Finished streets that are asked again, day by day, so that forgetting is measured."""

SENTINELS = """
CREATE TABLE sentinel (
  day TEXT NOT NULL, street_id TEXT NOT NULL, crew_id TEXT, chosen_at TEXT NOT NULL, PRIMARY KEY (day, street_id)) STRICT,
  WITHOUT ROWID
"""
