-- The store's own tables. Their names begin with store_, so that the views,
-- which are called as the record types are, never meet them.

-- timeline (16 random bytes), fork, safe, schema (its text), schema_sha256.
CREATE TABLE store_meta (
    name TEXT PRIMARY KEY,
    value
) WITHOUT ROWID;

CREATE TABLE store_person (
    no INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL
);

CREATE TABLE store_device (
    no INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    person INTEGER NOT NULL REFERENCES store_person (no),
    token_hash BLOB NOT NULL,
    label TEXT NOT NULL,
    platform TEXT NOT NULL,
    enrolled_ms INTEGER NOT NULL,
    seen_ms INTEGER NOT NULL,
    revoked INTEGER NOT NULL
);

-- One incarnation of a device: what was consumed of its changes.
CREATE TABLE store_replica (
    no INTEGER PRIMARY KEY,
    device INTEGER NOT NULL REFERENCES store_device (no),
    incarnation INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    version INTEGER NOT NULL,
    chain BLOB NOT NULL,
    UNIQUE (device, incarnation)
);

-- Codes for enrolment: only their SHA-256. uses below 0: without end.
CREATE TABLE store_code (
    hash BLOB PRIMARY KEY,
    person INTEGER NOT NULL REFERENCES store_person (no),
    expires_ms INTEGER NOT NULL,
    uses INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE store_bucket (
    no INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    count INTEGER NOT NULL,
    sum_low INTEGER NOT NULL,
    sum_high INTEGER NOT NULL
);

-- One commit: the head after it, and when it arrived.
CREATE TABLE store_batch (
    version INTEGER PRIMARY KEY,
    received_ms INTEGER NOT NULL
);

-- Where each record was born; it never moves.
CREATE TABLE store_record (
    id BLOB PRIMARY KEY,
    bucket INTEGER NOT NULL,
    type INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX store_record_type ON store_record (type, bucket, id);

-- The newest merged version of each field. place is bucket << 40 | version:
-- the rows of one bucket lie together in the order in which devices ask for
-- them, and a new one is always the bucket's last.
CREATE TABLE store_state (
    place INTEGER PRIMARY KEY,
    bucket INTEGER NOT NULL,
    record BLOB NOT NULL,
    field INTEGER NOT NULL,
    type INTEGER NOT NULL,
    version INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    at INTEGER NOT NULL,
    skew INTEGER NOT NULL,
    author INTEGER NOT NULL,
    replica INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    outcome INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    value,
    aux BLOB
);

CREATE UNIQUE INDEX store_state_field ON store_state (bucket, record, field);

-- All other versions: superseded, overtaken, agreed, in conflict.
CREATE TABLE store_history (
    bucket INTEGER NOT NULL,
    record BLOB NOT NULL,
    field INTEGER NOT NULL,
    type INTEGER NOT NULL,
    version INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    at INTEGER NOT NULL,
    skew INTEGER NOT NULL,
    author INTEGER NOT NULL,
    replica INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    outcome INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    value,
    aux BLOB,
    PRIMARY KEY (bucket, record, field, version)
) WITHOUT ROWID;

-- Changes, and single edits of changes, that were kept and not merged.
CREATE TABLE store_held (
    version INTEGER PRIMARY KEY,
    version_last INTEGER NOT NULL,
    bucket INTEGER NOT NULL,
    record BLOB,
    author INTEGER NOT NULL,
    replica INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    edit INTEGER NOT NULL,
    reason INTEGER NOT NULL,
    at INTEGER NOT NULL,
    change BLOB NOT NULL
);
