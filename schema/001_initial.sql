-- The first schema. Standard SQL as SQLite and MariaDB both take it; what a dialect spells its own way
-- (src/repositories/sql/connection/dialect.h) is INTEGER PRIMARY KEY: named id, it counts up by itself.
-- Instants are milliseconds since 1970 in UTC, money is cents, yes and no are 1 and 0.

CREATE TABLE users (
  id INTEGER PRIMARY KEY,
  name VARCHAR(32) NOT NULL,
  folded_name VARCHAR(32) NOT NULL UNIQUE,  -- name in lower case: names differ in more than case
  password_hash VARCHAR(255) NOT NULL,
  role VARCHAR(8) NOT NULL,                 -- buyer | operator
  session_epoch BIGINT NOT NULL,
  epoch_raised_at BIGINT,                   -- none: still the first epoch
  created_at BIGINT NOT NULL
);
CREATE INDEX users_by_epoch_raised_at ON users (epoch_raised_at);

CREATE TABLE products (
  id INTEGER PRIMARY KEY,
  name VARCHAR(200) NOT NULL,
  description VARCHAR(10000) NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE sales (
  id INTEGER PRIMARY KEY,
  product BIGINT NOT NULL,
  price_cents BIGINT NOT NULL,
  quantity BIGINT NOT NULL,
  unleased BIGINT NOT NULL CHECK (unleased >= 0),
  per_buyer_limit BIGINT NOT NULL,
  starts_at BIGINT NOT NULL,
  ends_at BIGINT,                           -- none: until it is sold out or ended
  captcha SMALLINT NOT NULL,
  first_number BIGINT NOT NULL,             -- no order of this sale has a smaller number
  created_at BIGINT NOT NULL
);
CREATE INDEX sales_by_product ON sales (product);

CREATE TABLE stock_leases (
  id INTEGER PRIMARY KEY,
  sale BIGINT NOT NULL,
  granted BIGINT NOT NULL,
  sold BIGINT NOT NULL,
  state VARCHAR(8) NOT NULL,                -- open | fenced | closed
  created_at BIGINT NOT NULL,
  CHECK (sold >= 0 AND sold <= granted)
);
CREATE INDEX stock_leases_by_state ON stock_leases (state, sale);

-- The one index here serves the look-up of an intent and a buyer's own list too: every further one
-- would be paid for by each order of a rush.
CREATE TABLE orders (
  number INTEGER PRIMARY KEY,
  sale BIGINT NOT NULL,
  buyer BIGINT NOT NULL,
  intent VARCHAR(64) NOT NULL,
  slot BIGINT,                              -- 1 to the sale's limit; none when failed
  lease BIGINT NOT NULL,
  status VARCHAR(8) NOT NULL,               -- success | failed
  reason VARCHAR(16) NOT NULL,              -- of a failure: too-late | limit-reached | no-unit
  seq BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  CONSTRAINT orders_by_buyer UNIQUE (sale, buyer, slot)
);

-- number = (seq - 1) * shards + shard + 1, where shards is the count of these rows.
CREATE TABLE queue_shards (
  shard BIGINT NOT NULL PRIMARY KEY,
  last_seq BIGINT NOT NULL
);
INSERT INTO queue_shards (shard, last_seq) VALUES (0, 0);

-- Counts that rise with every change of what running servers keep in memory.
CREATE TABLE revisions (
  topic VARCHAR(16) NOT NULL PRIMARY KEY,
  revision BIGINT NOT NULL
);
INSERT INTO revisions (topic, revision) VALUES ('catalog', 0);
INSERT INTO revisions (topic, revision) VALUES ('blacklist', 0);

CREATE TABLE blacklist (
  user_id BIGINT NOT NULL PRIMARY KEY,
  reason VARCHAR(200) NOT NULL,
  expires_at BIGINT,                        -- none: a ban
  created_at BIGINT NOT NULL
);

CREATE TABLE audit_log (
  id INTEGER PRIMARY KEY,
  actor VARCHAR(64) NOT NULL,
  action VARCHAR(64) NOT NULL,
  subject VARCHAR(255) NOT NULL,
  created_at BIGINT NOT NULL
);

-- Messages of the order queue that nothing could be made of.
CREATE TABLE quarantine (
  id INTEGER PRIMARY KEY,
  shard BIGINT NOT NULL,
  body VARCHAR(16000) NOT NULL,
  reason VARCHAR(200) NOT NULL,
  created_at BIGINT NOT NULL
);
