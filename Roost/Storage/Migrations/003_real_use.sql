-- Roost, schema 3: what real use asked for. It only adds; every row that was there stays as it was.

-- How many times in a row the item has committed the state that it had before, with nothing else to show for it.
-- Written only where it changes, so that an item that gets on costs nothing.
ALTER TABLE work ADD COLUMN unchanged INTEGER NOT NULL DEFAULT 0;
