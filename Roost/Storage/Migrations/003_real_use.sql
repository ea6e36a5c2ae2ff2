-- Roost, schema 3: what real use asked for. It only adds; every row that was there stays as it was.

-- What a failure says of its cause: the exceptions within the error (JSON), type and message of the one at the bottom. Null for what failed before.
-- Dead letters that failed alike are a group: of one engine, for one reason, by one type, with messages of one shape. Its key is a hash of these;
-- n is kept by the transitions, never counted. What was a dead letter before has no group.

ALTER TABLE failure ADD COLUMN causes TEXT;
ALTER TABLE failure ADD COLUMN cause_type TEXT;
ALTER TABLE failure ADD COLUMN cause_message TEXT;
ALTER TABLE failure ADD COLUMN group_key INTEGER;   -- set while the item is a dead letter

CREATE INDEX failure_group ON failure (group_key, at) WHERE group_key IS NOT NULL;

CREATE TABLE dead_letter_group (
    key INTEGER PRIMARY KEY,
    engine TEXT NOT NULL,
    reason TEXT NOT NULL,
    error_type TEXT,
    n INTEGER NOT NULL
) STRICT;

CREATE INDEX dead_letter_group_n ON dead_letter_group (n);
