"""The tables of the queue of work: a small file of its own beside the region, made by whoever needs it first."""

JOBS = """
CREATE TABLE job (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, parameters TEXT NOT NULL, actor TEXT NOT NULL, role TEXT NOT NULL, crew TEXT,
  ordered_at TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'stopped', 'failed')),
  stage TEXT NOT NULL DEFAULT '', share REAL NOT NULL DEFAULT 0, figures TEXT NOT NULL DEFAULT '{}',
  attempts INTEGER NOT NULL DEFAULT 0, worker TEXT, started_at TEXT, heartbeat_at TEXT, ended_at TEXT,
  cancelled_by TEXT, result TEXT, problem TEXT NOT NULL DEFAULT '') STRICT;
CREATE INDEX job_state ON job (state, ordered_at);
CREATE INDEX job_ordered ON job (ordered_at);
CREATE TABLE worker (id TEXT PRIMARY KEY, started_at TEXT NOT NULL, heartbeat_at TEXT NOT NULL) STRICT
"""
