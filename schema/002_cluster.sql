-- What several validators that share one sale need.

-- Whom a lease was granted to, and by which of that holder's requests: the same request again finds
-- its lease.
ALTER TABLE stock_leases ADD COLUMN holder VARCHAR(64) NOT NULL DEFAULT '';  -- none: of `serve`
ALTER TABLE stock_leases ADD COLUMN request BIGINT;                          -- none: of `serve`
CREATE UNIQUE INDEX stock_leases_by_request ON stock_leases (holder, request);

-- One row. The key is drawn when it is first asked for.
CREATE TABLE ring (
  id BIGINT NOT NULL PRIMARY KEY,
  epoch BIGINT NOT NULL,                    -- rises with every change of the validators
  hash_key VARCHAR(32) NOT NULL,            -- hexadecimal
  newest_lease BIGINT NOT NULL              -- the last one granted before this epoch; 0: none
);
INSERT INTO ring (id, epoch, hash_key, newest_lease) VALUES (1, 0, '', 0);

CREATE TABLE validators (
  node VARCHAR(32) NOT NULL PRIMARY KEY,
  address VARCHAR(255) NOT NULL,
  incarnation VARCHAR(16) NOT NULL,
  joined_at BIGINT NOT NULL
);
