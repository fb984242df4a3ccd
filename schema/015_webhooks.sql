-- Webhooks: where the merchant's own systems are told what happens to orders (docs/design.md#webhooks).

CREATE TABLE webhook_endpoints (
  id INTEGER PRIMARY KEY,
  url VARCHAR(512) NOT NULL,
  secret VARCHAR(128) NOT NULL,             -- with which deliveries are signed
  previous_secret VARCHAR(128) NOT NULL,    -- signs too until previous_until; empty: there is none
  previous_until BIGINT,
  events VARCHAR(255) NOT NULL,             -- the names of those that it is told, with a space between; empty: all
  revision BIGINT NOT NULL,                 -- another one after each change by an operator
  created_at BIGINT NOT NULL,
  acknowledged_at BIGINT,                   -- when anything was, last
  disabled_at BIGINT,
  disabled_reason VARCHAR(200) NOT NULL
);

-- Up to which seq of each queue shard everything was acknowledged, or is in webhook_pending.
CREATE TABLE webhook_cursors (
  endpoint BIGINT NOT NULL,
  shard BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  PRIMARY KEY (endpoint, shard)
);

-- What was tried and nobody has acknowledged yet: at most 100 of an endpoint. An event of it that the
-- cursor has not passed yet, because an earlier one was under way, is not begun anew by the cursor.
CREATE TABLE webhook_pending (
  endpoint BIGINT NOT NULL,
  shard BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  first_at BIGINT NOT NULL,                 -- of the first attempt
  next_at BIGINT NOT NULL,
  PRIMARY KEY (endpoint, shard, seq)
);

-- The newest attempts to deliver, some 10,000 of an endpoint, and events that were given up.
CREATE TABLE webhook_attempts (
  id INTEGER PRIMARY KEY,
  endpoint BIGINT NOT NULL,
  shard BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  attempted_at BIGINT NOT NULL,
  status BIGINT NOT NULL,                   -- of HTTP; 0: there was no answer
  failure VARCHAR(32) NOT NULL,             -- why there was none; empty where there was one; given-up: it is not tried any more
  duration_ms BIGINT NOT NULL
);
CREATE INDEX webhook_attempts_by_endpoint ON webhook_attempts (endpoint, id);
