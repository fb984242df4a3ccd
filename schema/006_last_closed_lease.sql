-- When the last lease of a sale was closed, by the database's clock: a sale that is sold out, with
-- no lease open, is over since then, and nobody need keep its buyers in memory for ever. Written in
-- the UPDATE that returns a closed lease's units, so that no purchase pays for it.
ALTER TABLE sales ADD COLUMN last_closed_at BIGINT;  -- none: no lease was closed
-- Of sales from before nobody knows; no order of theirs is newer than the newest of all.
UPDATE sales SET last_closed_at = (SELECT created_at FROM orders ORDER BY number DESC LIMIT 1);
