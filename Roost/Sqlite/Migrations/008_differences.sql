-- Roost, schema 8: a large state is stored as what differs from the version before it. Added are columns; nothing is rewritten.

-- Of a version that is stored whole, the first four are null, and data is the state. Of any other
--   whole       is the version, stored whole, that it is built on by way of every version between,
--   edits       is a JSON array of numbers, three for each place that differs: where it begins in the version before, how many bytes are left out there,
--               and how many of data, from where the last ended, stand there instead,
--   size        is how many bytes the state has,
--   row_sha256  is the SHA-256 of edits and data, so that damage is found in the row that has it; sha256 is that of the state, as with every version.
ALTER TABLE roost_snapshot ADD COLUMN whole INTEGER;
ALTER TABLE roost_snapshot ADD COLUMN edits TEXT;
ALTER TABLE roost_snapshot ADD COLUMN size INTEGER;
ALTER TABLE roost_snapshot ADD COLUMN row_sha256 BLOB;
ALTER TABLE roost_snapshot ADD COLUMN base INTEGER NOT NULL DEFAULT 0;             -- 1: no longer part of the history, kept because others are built on it

ALTER TABLE roost_work_input ADD COLUMN differences INTEGER NOT NULL DEFAULT 0;    -- 1: versions of it are, or were, stored as differences
