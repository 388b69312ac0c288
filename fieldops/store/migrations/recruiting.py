"""The tables of recruiting: ids and facts in the region file, sealed names and numbers in the private one."""

# A candidate is a row without a name. `due_at` is NEVER where no call is planned, so that one index gives the order.
# Rows of sign_up and candidate_move are the record itself: the tables candidate and funnel_tally follow from them.
REGION = """
CREATE TABLE rep (
  id TEXT PRIMARY KEY, base TEXT NOT NULL, languages TEXT NOT NULL, seller_groups TEXT NOT NULL, lon REAL, lat REAL,
  since TEXT, until TEXT, account TEXT UNIQUE) STRICT;
CREATE TABLE poster (
  code TEXT PRIMARY KEY, street_id TEXT, venue_id TEXT, crew_id TEXT REFERENCES crew, made_at TEXT NOT NULL, closed_at TEXT,
  CHECK (street_id IS NOT NULL OR venue_id IS NOT NULL OR crew_id IS NOT NULL)) STRICT;
CREATE TABLE consent_text (
  version TEXT PRIMARY KEY, chinese TEXT NOT NULL, english TEXT NOT NULL, since TEXT NOT NULL) STRICT;
CREATE TABLE candidate (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
  stage TEXT NOT NULL CHECK (stage IN ('new', 'contacted', 'interviewed', 'signed', 'trained', 'first_order', 'active', 'lost', 'dormant')),
  stage_since TEXT NOT NULL, reached TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '',
  seller_group TEXT NOT NULL DEFAULT '' CHECK (seller_group IN ('', '1', '2', '3', '4')),
  urgency INTEGER NOT NULL GENERATED ALWAYS AS (seller_group NOT IN ('1', '4')) STORED,
  wanted_low INTEGER, wanted_high INTEGER, income_reached INTEGER, language TEXT NOT NULL DEFAULT '', base TEXT,
  source_kind TEXT NOT NULL CHECK (source_kind IN ('street', 'venue', 'crew', 'channel', 'poster')),
  street_id TEXT, venue_id TEXT, crew_id TEXT, channel TEXT, poster TEXT, made_at TEXT NOT NULL,
  rep_id TEXT REFERENCES rep, due_at TEXT NOT NULL DEFAULT '9999-12-31T00:00:00.000000Z', confirmed_at TEXT,
  merged_into TEXT REFERENCES candidate (id), erased_at TEXT,
  CHECK ((stage IN ('lost', 'dormant')) = (reason <> ''))) STRICT;
CREATE INDEX candidate_board ON candidate
  (stage, urgency, due_at, number, seller_group, source_kind, rep_id, crew_id, base) WHERE merged_into IS NULL AND erased_at IS NULL;
CREATE INDEX candidate_order ON candidate
  (urgency, due_at, number, stage, seller_group, source_kind, rep_id, crew_id, base) WHERE merged_into IS NULL AND erased_at IS NULL;
CREATE INDEX candidate_income ON candidate (stage, seller_group, wanted_low, wanted_high, income_reached)
  WHERE merged_into IS NULL AND erased_at IS NULL;
CREATE INDEX candidate_rep ON candidate (rep_id, stage, urgency, due_at) WHERE merged_into IS NULL AND erased_at IS NULL;
CREATE INDEX candidate_due ON candidate (due_at) WHERE merged_into IS NULL AND erased_at IS NULL;
CREATE INDEX candidate_made ON candidate (made_at) WHERE merged_into IS NULL AND erased_at IS NULL;
CREATE INDEX candidate_street ON candidate (street_id, stage, urgency, due_at, number) WHERE merged_into IS NULL AND erased_at IS NULL;
CREATE INDEX candidate_venue ON candidate (venue_id) WHERE venue_id IS NOT NULL;
CREATE INDEX candidate_poster ON candidate (poster) WHERE poster IS NOT NULL;
CREATE INDEX candidate_merged ON candidate (merged_into) WHERE merged_into IS NOT NULL;
CREATE TABLE sign_up (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, candidate_id TEXT NOT NULL, again INTEGER NOT NULL,
  source_kind TEXT NOT NULL, street_id TEXT, venue_id TEXT, crew_id TEXT, channel TEXT, poster TEXT,
  seller_group TEXT NOT NULL, consent TEXT NOT NULL, made_at TEXT NOT NULL,
  batch INTEGER NOT NULL REFERENCES event DEFERRABLE INITIALLY DEFERRED) STRICT;
CREATE INDEX sign_up_candidate ON sign_up (candidate_id);
CREATE TRIGGER sign_up_is_never_changed BEFORE UPDATE ON sign_up
  BEGIN SELECT RAISE(ABORT, 'sign-ups are append-only'); END;
CREATE TRIGGER sign_up_is_never_deleted BEFORE DELETE ON sign_up
  BEGIN SELECT RAISE(ABORT, 'sign-ups are append-only'); END;
CREATE TABLE candidate_move (
  number INTEGER PRIMARY KEY, candidate_id TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL, reason TEXT NOT NULL,
  moved_at TEXT NOT NULL, batch INTEGER NOT NULL REFERENCES event DEFERRABLE INITIALLY DEFERRED) STRICT;
CREATE INDEX candidate_move_of ON candidate_move (candidate_id, number);
CREATE TRIGGER candidate_move_is_never_changed BEFORE UPDATE ON candidate_move
  BEGIN SELECT RAISE(ABORT, 'moves are append-only'); END;
CREATE TRIGGER candidate_move_is_never_deleted BEFORE DELETE ON candidate_move
  BEGIN SELECT RAISE(ABORT, 'moves are append-only'); END;
CREATE TABLE candidate_call (
  number INTEGER PRIMARY KEY, candidate_id TEXT NOT NULL, called_at TEXT NOT NULL, outcome TEXT NOT NULL, actor TEXT NOT NULL) STRICT;
CREATE INDEX candidate_call_of ON candidate_call (candidate_id, called_at);
CREATE TABLE funnel_tally (
  path TEXT NOT NULL, source_kind TEXT NOT NULL, seller_group TEXT NOT NULL, week TEXT NOT NULL, stage TEXT NOT NULL,
  days INTEGER NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (path, source_kind, seller_group, days, stage, week)) STRICT, WITHOUT ROWID;
CREATE INDEX funnel_tally_week ON funnel_tally (path, source_kind, seller_group, week, stage, days, count);
CREATE INDEX funnel_tally_stage ON funnel_tally (path, source_kind, seller_group, stage, week, days, count);
CREATE TABLE onboarding_step (
  candidate_id TEXT NOT NULL, step TEXT NOT NULL, due_at TEXT NOT NULL, done_at TEXT, PRIMARY KEY (candidate_id, step)) STRICT, WITHOUT ROWID;
CREATE INDEX onboarding_step_due ON onboarding_step (due_at) WHERE done_at IS NULL;
CREATE TABLE training (
  id TEXT PRIMARY KEY, base TEXT NOT NULL, topic TEXT NOT NULL, starts_at TEXT NOT NULL, ends_at TEXT NOT NULL,
  capacity INTEGER NOT NULL CHECK (capacity > 0), cancelled_at TEXT, CHECK (ends_at > starts_at)) STRICT;
CREATE INDEX training_start ON training (starts_at);
CREATE TABLE training_place (
  training_id TEXT NOT NULL REFERENCES training, candidate_id TEXT NOT NULL, booked_at TEXT NOT NULL, came INTEGER,
  PRIMARY KEY (training_id, candidate_id)) STRICT, WITHOUT ROWID;
CREATE INDEX training_place_of ON training_place (candidate_id);
CREATE TRIGGER training_has_room BEFORE INSERT ON training_place
  WHEN (SELECT count(*) FROM training_place AS p WHERE p.training_id = NEW.training_id)
    >= (SELECT t.capacity FROM training AS t WHERE t.id = NEW.training_id)
  BEGIN SELECT RAISE(ABORT, 'every place of the training is taken'); END;
CREATE TABLE wind_down (stage TEXT PRIMARY KEY, due_at TEXT NOT NULL, done_at TEXT) STRICT
"""

# What a street or crew brought, erased people too: each index holds all that is counted.
BRINGS = """
CREATE INDEX candidate_of_street ON candidate (street_id, made_at, reached, due_at, erased_at)
  WHERE merged_into IS NULL AND street_id IS NOT NULL;
CREATE INDEX candidate_of_crew ON candidate (crew_id, made_at, reached, due_at, erased_at)
  WHERE merged_into IS NULL AND crew_id IS NOT NULL
"""

# A candidate's way, packed (`recruiting/packed.py`), follows from their moves; each index holds all that the funnel of a place
# asks. An index answers alone only where the columns of its own condition stand in it, which those of `BRINGS` had not.
JOURNEYS = """
ALTER TABLE candidate ADD COLUMN journey TEXT NOT NULL DEFAULT '';
DROP INDEX candidate_of_street;
DROP INDEX candidate_of_crew;
CREATE INDEX candidate_of_street ON candidate (street_id, made_at, reached, due_at, erased_at, merged_into)
  WHERE merged_into IS NULL AND street_id IS NOT NULL;
CREATE INDEX candidate_of_crew ON candidate (crew_id, made_at, reached, due_at, erased_at, merged_into)
  WHERE merged_into IS NULL AND crew_id IS NOT NULL;
DROP INDEX candidate_venue;
DROP INDEX candidate_poster;
CREATE INDEX funnel_of_street ON candidate (street_id, source_kind, seller_group, journey, merged_into)
  WHERE merged_into IS NULL AND street_id IS NOT NULL;
CREATE INDEX funnel_of_venue ON candidate (venue_id, source_kind, seller_group, journey, merged_into)
  WHERE merged_into IS NULL AND venue_id IS NOT NULL;
CREATE INDEX funnel_of_crew ON candidate (crew_id, source_kind, seller_group, journey, merged_into)
  WHERE merged_into IS NULL AND crew_id IS NOT NULL;
CREATE INDEX funnel_of_poster ON candidate (poster, source_kind, seller_group, journey, merged_into)
  WHERE merged_into IS NULL AND poster IS NOT NULL;
CREATE INDEX funnel_of_base ON candidate (base, source_kind, seller_group, journey, merged_into)
  WHERE merged_into IS NULL AND base IS NOT NULL
"""

# RULE 19: a person's row points to a consent, which therefore stands first; the database refuses the other order.
PRIVATE = """
CREATE TABLE consent (
  candidate_id TEXT PRIMARY KEY, version TEXT NOT NULL, given_at TEXT NOT NULL, way TEXT NOT NULL) STRICT;
CREATE TABLE person (
  number INTEGER PRIMARY KEY AUTOINCREMENT, candidate_id TEXT NOT NULL UNIQUE REFERENCES consent,
  phone_hash BLOB NOT NULL UNIQUE, seal BLOB NOT NULL) STRICT;
CREATE TABLE person_word (word INTEGER NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (word, number)) STRICT, WITHOUT ROWID;
CREATE TABLE candidate_note (
  id TEXT PRIMARY KEY, candidate_id TEXT NOT NULL, made_at TEXT NOT NULL, actor TEXT NOT NULL, seal BLOB NOT NULL) STRICT;
CREATE INDEX candidate_note_of ON candidate_note (candidate_id, made_at);
CREATE TABLE rep_name (rep_id TEXT PRIMARY KEY, name TEXT NOT NULL) STRICT;
CREATE TABLE held_sign_up (
  id TEXT PRIMARY KEY, phone_hash BLOB NOT NULL UNIQUE, code TEXT NOT NULL, network BLOB NOT NULL, made_at TEXT NOT NULL,
  seal BLOB NOT NULL) STRICT;
CREATE INDEX held_sign_up_network ON held_sign_up (network, made_at);
CREATE TABLE form_use (form TEXT PRIMARY KEY, network BLOB NOT NULL, code TEXT NOT NULL, used_at TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX form_use_network ON form_use (network, used_at);
CREATE INDEX form_use_age ON form_use (used_at)
"""
