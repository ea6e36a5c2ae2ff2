-- Roost, schema 3: what real use asked for. It only adds; every row that was there stays as it was.

-- How many of an item's interruptions came before a try that returned, and so were not its doing: it runs alone for those after it only.
ALTER TABLE work ADD COLUMN acquitted INTEGER NOT NULL DEFAULT 0;
