-- Roles at the console, and a second factor. Whoever was an operator before there were roles may do all.

UPDATE users SET role = 'owner' WHERE role = 'operator';  -- buyer | viewer | operator | owner

CREATE TABLE second_factors (
  user_id BIGINT NOT NULL PRIMARY KEY,
  secret VARCHAR(255) NOT NULL,             -- of RFC 6238, sealed with the keys of the data directory
  last_step BIGINT NOT NULL,                -- the last code that was accepted: none before it is any more
  created_at BIGINT NOT NULL
);
