-- Roost, schema 3: what real use asked for. It only adds; every row that was there stays as it was.

-- Clocks. A delay is a duration: when it was written says by how much it has to be moved where the clock was set back meanwhile. Null where due_at
-- is a moment that somebody named, and for what was delayed before this schema.
ALTER TABLE work ADD COLUMN delayed_at INTEGER;

-- A worker that claims nothing for a while because the clock was set and it cannot know of another whether it lives: until when, and by how
-- many milliseconds the clock was set.
ALTER TABLE worker ADD COLUMN claims_again_at INTEGER;
ALTER TABLE worker ADD COLUMN clock_set_by INTEGER;
