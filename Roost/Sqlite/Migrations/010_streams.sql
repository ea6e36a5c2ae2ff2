-- Roost, schema 10: streams and progress. What a step says while it runs. Added are three tables, an index and a column, which is written for items with effects.
--
--   roost_stream        the streams of an item, each with a name
--   roost_stream_piece  their text, in pieces of one try of one step; those of a version go with it
--   roost_progress      how far an item has said that it is, the last time that it did

CREATE TABLE roost_stream (
    key INTEGER PRIMARY KEY,
    work INTEGER NOT NULL,
    name TEXT NOT NULL,
    ends INTEGER NOT NULL,              -- how many bytes were written in all: the offset of the next
    bytes INTEGER NOT NULL,             -- how many of them are kept
    CONSTRAINT roost_stream_bytes CHECK (bytes BETWEEN 0 AND ends),
    UNIQUE (work, name)
) STRICT;

CREATE TABLE roost_stream_piece (
    key INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL,
    starts INTEGER NOT NULL,            -- the offset of its first byte in UTF-8
    work INTEGER NOT NULL,
    version INTEGER NOT NULL,           -- from which the step was made
    try INTEGER NOT NULL,               -- which of those that have written something, from 1
    at INTEGER NOT NULL,                -- when its end was written
    text TEXT NOT NULL,
    UNIQUE (stream, starts)
) STRICT;

CREATE INDEX roost_stream_piece_version ON roost_stream_piece (work, version, try);

CREATE TABLE roost_progress (
    work INTEGER PRIMARY KEY,
    version INTEGER NOT NULL,           -- from which the step was made that has said so
    fraction REAL,                      -- from 0 to 1
    text TEXT,
    at INTEGER NOT NULL,
    CONSTRAINT roost_progress_fraction CHECK (coalesce(fraction, 0) BETWEEN 0 AND 1)
) STRICT;

ALTER TABLE roost_work_input ADD COLUMN records INTEGER NOT NULL DEFAULT 0; -- its steps have recorded effects, or written streams, which go with their versions
UPDATE roost_work_input SET records = 1 WHERE work IN (SELECT work FROM roost_effect);
