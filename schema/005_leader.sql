-- Which process of quantity control leads, what tells two rings of one epoch apart, and in which
-- order sessions were revoked.

CREATE TABLE leader (
  role VARCHAR(16) NOT NULL PRIMARY KEY,
  holder VARCHAR(64) NOT NULL,              -- the process; none: nobody has led yet
  epoch BIGINT NOT NULL,                    -- rises with every take
  nonce VARCHAR(32) NOT NULL,               -- drawn with every take, hexadecimal
  expires_at BIGINT NOT NULL                -- by the database's own clock
);
INSERT INTO leader (role, holder, epoch, nonce, expires_at) VALUES ('quantity', '', 0, '', 0);

ALTER TABLE ring ADD COLUMN nonce VARCHAR(32) NOT NULL DEFAULT '';     -- drawn with every epoch
ALTER TABLE ring ADD COLUMN virtual_nodes BIGINT NOT NULL DEFAULT 150; -- points of each validator

-- Raised session epochs travel by the count that they were raised in, not by a clock.
INSERT INTO revisions (topic, revision) VALUES ('sessions', 0);
ALTER TABLE users ADD COLUMN epoch_revision BIGINT;  -- none: raised before there was a count, or never
CREATE INDEX users_by_epoch_revision ON users (epoch_revision);
