-- What the console shows of a sale, second by second.

-- Orders of this sale that failed, so that nobody counts a million rows to know. A failed order has
-- no slot, and the index over the slots says so without the rows.
ALTER TABLE sales ADD COLUMN failed BIGINT NOT NULL DEFAULT 0;
UPDATE sales SET failed =
  (SELECT COUNT(*) FROM orders o WHERE o.sale = sales.id AND o.slot IS NULL);

CREATE TABLE sale_samples (
  sale BIGINT NOT NULL,
  at BIGINT NOT NULL,                       -- the end of the seconds it stands for
  body VARCHAR(8000) NOT NULL,              -- JSON, as services/live/sample.h has it
  PRIMARY KEY (sale, at)
);
