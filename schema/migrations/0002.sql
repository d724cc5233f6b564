-- Histories that this one left, each restore's: a device that still is on one
-- of them agrees with this store up to `fork`.
CREATE TABLE store_timeline (
    id BLOB PRIMARY KEY,
    fork INTEGER NOT NULL
) WITHOUT ROWID;
