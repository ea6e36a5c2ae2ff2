-- Roost, schema 3: what real use asked for. It only adds; every row that was there stays as it was.

-- Events by kind, but for those that come with every step or item, and the engines' own: a step pays for a comparison, and for no index.

CREATE INDEX event_kind ON event (kind) WHERE kind <> 'stepped' AND kind <> 'claimed' AND kind <> 'done' AND kind <> 'enqueued' AND kind NOT GLOB 'engine.*';

-- Where the time of the events goes back, because the clock was set: the number from which on it is less than before. Between two such places
-- times only rise, so that a time is found by halving.

CREATE TABLE event_run (seq INTEGER PRIMARY KEY) STRICT;

INSERT INTO event_run (seq) SELECT seq FROM (SELECT seq, at, lag(at) OVER (ORDER BY seq) AS before FROM event) WHERE at < before;
