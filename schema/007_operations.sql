-- What operators ask for may be asked for again: the same key is the same change.

CREATE TABLE operations (
  idempotency_key VARCHAR(64) NOT NULL PRIMARY KEY,
  content VARCHAR(64) NOT NULL,             -- what was asked for; the key is refused for anything else
  result BIGINT NOT NULL,                   -- what the change was answered with: an id, a quantity
  created_at BIGINT NOT NULL
);

-- Units added after the start: buyers may have been told "sold out" before them, so that the audit
-- does not expect all of these to be sold.
ALTER TABLE sales ADD COLUMN added_while_on BIGINT NOT NULL DEFAULT 0;
