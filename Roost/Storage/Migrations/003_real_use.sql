-- Roost, schema 3: what real use asked for. It only adds; every row that was there stays as it was.

-- Lanes. One in which no item is any more goes with the purge that finds it so; its key is not given again: meta keeps in last_lane the greatest
-- that was removed while none was greater.
--
--   lane_change    which lanes' ready or delayed items each transaction has changed, and which lanes it has removed, as 64-bit keys one after the
--                  other; written while another worker is registered, the last 2,000 transactions or so

CREATE TABLE lane_change (
    seq INTEGER PRIMARY KEY,
    lanes BLOB NOT NULL
) STRICT;

-- Children. What is kept of an item's children, so that a parent of many is told at once, and a join waits for an exact number.
--
--   child_count    for each item that has had children: how many are open, which is every state that is no end, and how the others have ended

CREATE TABLE child_count (
    parent INTEGER PRIMARY KEY,
    open INTEGER NOT NULL,
    done INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    cancelled INTEGER NOT NULL
) STRICT;

INSERT INTO child_count (parent, open, done, failed, cancelled)
SELECT parent, sum(state NOT IN ('done', 'failed', 'cancelled')), sum(state = 'done'), sum(state = 'failed'), sum(state = 'cancelled')
FROM work WHERE parent IN (SELECT key FROM work) GROUP BY parent;
