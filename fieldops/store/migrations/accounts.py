"""Tables of the private file: accounts, sessions, invitations, keys of the API, and the counting of attempts."""

# Secrets are stored as SHA-256 of 128 to 256 random bits, passwords by argon2: a stolen file signs nobody in.
ACCOUNTS = """
CREATE TABLE account (
  id TEXT PRIMARY KEY, login TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('planner', 'lead', 'crew_lead', 'crew', 'auditor', 'rep')), crew_id TEXT, promoter_id TEXT,
  password TEXT, made_at TEXT NOT NULL, disabled_at TEXT,
  CHECK ((role IN ('crew_lead', 'crew')) = (crew_id IS NOT NULL))) STRICT;
CREATE TABLE session (
  id TEXT PRIMARY KEY, secret TEXT NOT NULL UNIQUE, account_id TEXT NOT NULL REFERENCES account, browser TEXT NOT NULL,
  made_at TEXT NOT NULL, seen_at TEXT NOT NULL, ends_at TEXT NOT NULL, ended_at TEXT) STRICT;
CREATE INDEX session_account ON session (account_id);
CREATE TABLE invitation (
  id TEXT PRIMARY KEY, secret TEXT NOT NULL UNIQUE, role TEXT NOT NULL, crew_id TEXT, promoter_id TEXT,
  account_id TEXT REFERENCES account, made_by TEXT NOT NULL, made_at TEXT NOT NULL, ends_at TEXT NOT NULL,
  used_at TEXT, used_by TEXT) STRICT;
CREATE TABLE api_key (
  id TEXT PRIMARY KEY, secret TEXT NOT NULL UNIQUE, name TEXT NOT NULL, role TEXT NOT NULL, crew_id TEXT,
  made_by TEXT NOT NULL, made_at TEXT NOT NULL, ended_at TEXT) STRICT;
CREATE TABLE attempt (
  what TEXT NOT NULL, since TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (what, since)) STRICT, WITHOUT ROWID
"""

# The secret of an app is sealed under the region's key; recovery codes are stored as SHA-256 of 74 random bits.
SECOND_FACTOR = """
ALTER TABLE session ADD COLUMN waits INTEGER NOT NULL DEFAULT 0;
CREATE TABLE second_factor (
  account_id TEXT PRIMARY KEY REFERENCES account, seal BLOB NOT NULL, confirmed_at TEXT, step INTEGER NOT NULL) STRICT;
CREATE TABLE recovery_code (
  account_id TEXT NOT NULL REFERENCES account, code TEXT NOT NULL, PRIMARY KEY (account_id, code)) STRICT, WITHOUT ROWID
"""
