"""How streets answer effort, each time it was fitted to the record; what ties the streets together with it."""

FITS = """
CREATE TABLE response (
  seq INTEGER PRIMARY KEY REFERENCES event, fitted_at TEXT NOT NULL, response TEXT NOT NULL, pool TEXT NOT NULL,
  streets INTEGER NOT NULL, surveys INTEGER NOT NULL, hours REAL NOT NULL) STRICT
"""
