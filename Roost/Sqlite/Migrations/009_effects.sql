-- Roost, schema 9: effects. Outside calls of a step whose results are recorded, so that a step that is tried again does not make them again. Added are a table and a column;
-- nothing is rewritten.
--
--   roost_effect        what steps have recorded, for as long as the version that they made is kept

CREATE TABLE roost_effect (
    key INTEGER PRIMARY KEY,
    work INTEGER NOT NULL,
    version INTEGER NOT NULL,           -- from which the step was made
    path TEXT NOT NULL,                 -- the effects that it is within and its own name, with the numbers of those that are not the first of theirs
    name TEXT NOT NULL,
    n INTEGER NOT NULL,                 -- which of those that have its name there it is
    idempotency_key TEXT NOT NULL,      -- that its call was given
    arguments TEXT,
    begun_at INTEGER NOT NULL,
    ended_at INTEGER,                   -- null while nothing but that the call begins is known
    result TEXT,
    sha256 BLOB,                        -- of the result
    told_by TEXT,                       -- who has said that it has happened
    CONSTRAINT roost_effect_ended CHECK ((ended_at IS NULL) = (result IS NULL) AND (result IS NULL) = (sha256 IS NULL)),
    UNIQUE (work, version, path)
) STRICT;

ALTER TABLE roost_ask ADD COLUMN effect TEXT; -- the path of the effect of the item's version that it asks about
