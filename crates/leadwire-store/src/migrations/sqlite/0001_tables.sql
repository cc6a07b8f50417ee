-- All that is stored. Run on an empty database: nobody waits for its locks.
--
-- Rows that are small and found by their whole key lie in the key's own tree (WITHOUT ROWID); rows with a body lie
-- in the order they came, found through a small unique index, so that a random key touches a small page.

-- One row per agency: the head of its log, and the small number that stands for it in every other table.
CREATE TABLE agency (
    id INTEGER PRIMARY KEY,
    uuid BLOB NOT NULL UNIQUE,
    position INTEGER NOT NULL,
    numbered INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    config INTEGER NOT NULL,
    dead_count INTEGER NOT NULL,
    dead_bytes INTEGER NOT NULL
) STRICT;

CREATE TABLE feed (
    agency INTEGER NOT NULL REFERENCES agency (id),
    position INTEGER NOT NULL,
    id BLOB NOT NULL,
    at INTEGER NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (agency, position)
) STRICT;

CREATE TABLE brand (agency INTEGER NOT NULL, id BLOB NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL, UNIQUE (agency, id)) STRICT;
CREATE TABLE "user" (agency INTEGER NOT NULL, id BLOB NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL, UNIQUE (agency, id)) STRICT;
CREATE TABLE api_key (agency INTEGER NOT NULL, id BLOB NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL, UNIQUE (agency, id)) STRICT;
CREATE TABLE source (agency INTEGER NOT NULL, id BLOB NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL, UNIQUE (agency, id)) STRICT;
CREATE TABLE rule_set (agency INTEGER NOT NULL, source BLOB NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL, UNIQUE (agency, source, version)) STRICT;
CREATE TABLE "group" (agency INTEGER NOT NULL, id BLOB NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL, UNIQUE (agency, id)) STRICT;
CREATE TABLE bot (agency INTEGER NOT NULL, id BLOB NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL, UNIQUE (agency, id)) STRICT;
CREATE TABLE persona (agency INTEGER NOT NULL, id BLOB NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL, UNIQUE (agency, id)) STRICT;
CREATE TABLE flow (agency INTEGER NOT NULL, id BLOB NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL, UNIQUE (agency, id)) STRICT;

CREATE TABLE contact (agency INTEGER NOT NULL, id BLOB NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL, UNIQUE (agency, id)) STRICT;

CREATE TABLE contact_key (
    agency INTEGER NOT NULL,
    brand BLOB NOT NULL,
    kind INTEGER NOT NULL,
    value TEXT NOT NULL,
    contact BLOB NOT NULL,
    PRIMARY KEY (agency, brand, kind, value)
) STRICT, WITHOUT ROWID;

CREATE TABLE external_id (
    agency INTEGER NOT NULL,
    source BLOB NOT NULL,
    id TEXT NOT NULL,
    contact BLOB NOT NULL,
    PRIMARY KEY (agency, source, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE conversation (agency INTEGER NOT NULL, id BLOB NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL, UNIQUE (agency, id)) STRICT;

-- In the order a thread is read and the index is rebuilt.
CREATE TABLE message (
    agency INTEGER NOT NULL,
    conversation BLOB NOT NULL,
    at INTEGER NOT NULL,
    id BLOB NOT NULL,
    version INTEGER NOT NULL,
    text TEXT NOT NULL,
    created_at INTEGER,
    body TEXT NOT NULL,
    PRIMARY KEY (agency, conversation, at, id),
    UNIQUE (agency, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE lead (
    agency INTEGER NOT NULL,
    id BLOB NOT NULL,
    source BLOB NOT NULL,
    contact BLOB NOT NULL,
    body TEXT NOT NULL,
    parsed TEXT,
    raw BLOB NOT NULL,
    UNIQUE (agency, id)
) STRICT;
CREATE INDEX lead_by_source ON lead (agency, source, id);

CREATE TABLE lead_state (
    agency INTEGER NOT NULL,
    lead BLOB NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (agency, lead)
) STRICT, WITHOUT ROWID;

CREATE TABLE decision (
    agency INTEGER NOT NULL,
    lead BLOB NOT NULL,
    epoch INTEGER NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (agency, lead, epoch)
) STRICT;

CREATE TABLE offer (agency INTEGER NOT NULL, id BLOB NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL, UNIQUE (agency, id)) STRICT;

CREATE TABLE turns (
    agency INTEGER NOT NULL,
    group_id BLOB NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (agency, group_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE source_count (
    agency INTEGER NOT NULL,
    source BLOB NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (agency, source)
) STRICT, WITHOUT ROWID;

CREATE TABLE receipt (
    agency INTEGER NOT NULL,
    key BLOB NOT NULL,
    expires_at INTEGER NOT NULL,
    body TEXT NOT NULL,
    answer BLOB,
    UNIQUE (agency, key)
) STRICT;
CREATE INDEX receipt_by_expiry ON receipt (agency, expires_at);

CREATE TABLE dead_letter (
    agency INTEGER NOT NULL,
    id BLOB NOT NULL,
    size INTEGER NOT NULL,
    body TEXT NOT NULL,
    raw BLOB NOT NULL,
    UNIQUE (agency, id)
) STRICT;
