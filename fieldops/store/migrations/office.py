"""Tables of the office: who stands by, who does not want to be on the board, the bases, hours, incidents, stock."""

STANDBY = """
CREATE TABLE standby (promoter_id TEXT PRIMARY KEY REFERENCES promoter, since TEXT NOT NULL) STRICT;
CREATE TABLE board_hidden (promoter_id TEXT PRIMARY KEY REFERENCES promoter) STRICT
"""

# Crews, reps and trainings name a base as they always did; here stands what a base is.
BASES = """
CREATE TABLE base (name TEXT PRIMARY KEY, address TEXT NOT NULL, lon REAL, lat REAL, hours TEXT NOT NULL) STRICT;
CREATE INDEX event_of_channels ON event (seq) WHERE kind IN ('NoticesSent', 'ChannelTried')
"""

# What a lead says of a promoter's day stands beside what the phone told; a pause closes a street over [since, until).
# Stock is a book: moves are appended, what somebody has is the sum.
OFFICE = """
CREATE TABLE hours_confirmed (
  promoter_id TEXT NOT NULL REFERENCES promoter, day TEXT NOT NULL, hours REAL NOT NULL CHECK (hours >= 0 AND hours <= 24),
  why TEXT NOT NULL, PRIMARY KEY (promoter_id, day)) STRICT, WITHOUT ROWID;
CREATE TABLE incident (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, happened_at TEXT NOT NULL, street_id TEXT REFERENCES street (id), crew_id TEXT,
  promoter_id TEXT, settled_at TEXT, outcome TEXT NOT NULL DEFAULT '') STRICT;
CREATE INDEX incident_open ON incident (happened_at) WHERE settled_at IS NULL;
CREATE INDEX incident_time ON incident (happened_at);
CREATE TABLE pause (
  street_id TEXT NOT NULL REFERENCES street (id), since TEXT NOT NULL, until TEXT NOT NULL, incident_id TEXT REFERENCES incident,
  ended_at TEXT, PRIMARY KEY (street_id, since)) STRICT, WITHOUT ROWID;
CREATE TABLE stock_move (
  number INTEGER PRIMARY KEY, item TEXT NOT NULL CHECK (item IN ('poster', 'leaflet')), count INTEGER NOT NULL CHECK (count > 0),
  source TEXT NOT NULL, target TEXT NOT NULL, moved_at TEXT NOT NULL, why TEXT NOT NULL, CHECK (source <> target)) STRICT;
CREATE INDEX stock_move_source ON stock_move (source, item);
CREATE INDEX stock_move_target ON stock_move (target, item)
"""
