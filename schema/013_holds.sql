-- Orders that are held for their payment, and the payments.

-- None: an order is final. Otherwise it is held so long, and expires unless it is paid.
ALTER TABLE sales ADD COLUMN hold_seconds BIGINT;

-- By when it is to be paid; none: nothing is to be paid, or it failed. An order that has one was created "held".
ALTER TABLE orders ADD COLUMN pay_by BIGINT;

-- Of a payment.
ALTER TABLE order_events ADD COLUMN amount_cents BIGINT;

-- Holds of a sale run out in the order of their seq: which of each queue shard have been looked at. Only of sales
-- with holds, and only once some have.
CREATE TABLE hold_cursors (
  sale BIGINT NOT NULL,
  shard BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  PRIMARY KEY (sale, shard)
);

-- Every payment that was captured. It is kept by the order that it pays, or goes back.
CREATE TABLE payments (
  id INTEGER PRIMARY KEY,
  order_number BIGINT NOT NULL,
  reference VARCHAR(128) NOT NULL UNIQUE,   -- the provider's name of it, behind the provider's own: demo:123
  amount_cents BIGINT NOT NULL,
  state VARCHAR(16) NOT NULL,               -- kept | refund_due | refunded
  reason VARCHAR(32) NOT NULL,              -- why it goes back; empty while it is kept
  created_at BIGINT NOT NULL,
  changed_at BIGINT NOT NULL
);
CREATE INDEX payments_by_order ON payments (order_number);
CREATE INDEX payments_by_state ON payments (state);
