-- What happens to orders after their creation. An order's row never changes; its status is that of its newest
-- event, if it has one. Events take their numbers from the same count as orders, so that whoever follows a
-- queue shard hears of both in turn: seq and number belong together as those of an order do.
CREATE TABLE order_events (
  number INTEGER PRIMARY KEY,
  order_number BIGINT NOT NULL,
  kind VARCHAR(16) NOT NULL,                -- cancelled
  actor VARCHAR(64) NOT NULL,               -- as in audit_log
  reason VARCHAR(200) NOT NULL,             -- in words; may be empty
  seq BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX order_events_by_order ON order_events (order_number);

-- orders.status is how an order was created (success | failed). A cancelled order keeps its slot, so slots count
-- on beyond the limit.

-- Units of cancelled orders, which went back into the sale: so many fewer are sold than its leases were charged
-- for.
ALTER TABLE sales ADD COLUMN returned BIGINT NOT NULL DEFAULT 0;
