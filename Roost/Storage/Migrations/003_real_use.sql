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
