-- When a process of quantity control that stands by was last asked by a validator: a leader that none
-- reaches any more lets another lead.
CREATE TABLE standby (
  role VARCHAR(16) NOT NULL PRIMARY KEY,
  asked_at BIGINT NOT NULL                  -- by the database's own clock; 0: never
);
INSERT INTO standby (role, asked_at) VALUES ('quantity', 0);
