-- Roost, schema 7: where something came from, for whoever traces it. Each column holds a trace context as W3C has it: its traceparent and, behind a space, its tracestate where
-- there is one. Null where nobody traced. Nothing depends on what stands there. Added are columns; nothing is rewritten.

ALTER TABLE roost_work_input ADD COLUMN trace TEXT;     -- of who enqueued it; of the step that added it, or whose end triggered it
ALTER TABLE roost_signal ADD COLUMN trace TEXT;         -- of who sent it
ALTER TABLE roost_ask ADD COLUMN trace TEXT;            -- of the step that asks
ALTER TABLE roost_ask ADD COLUMN answer_trace TEXT;     -- of who has answered or withdrawn it
