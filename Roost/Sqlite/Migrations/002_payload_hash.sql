-- Roost, schema 2: a payload is checked against its SHA-256 before it is given to anybody, as snapshots and artifacts are.
-- Null for items that were enqueued before: their payloads are taken as they are.

ALTER TABLE work_input ADD COLUMN payload_sha256 BLOB;
