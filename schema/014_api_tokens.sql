-- Secrets that the merchant's own programs show to the API. What is stored opens nothing.

CREATE TABLE api_tokens (
  id INTEGER PRIMARY KEY,
  name VARCHAR(60) NOT NULL,
  hash VARCHAR(64) NOT NULL UNIQUE,            -- SHA-256 of the token, in lower-case hexadecimal digits
  scopes VARCHAR(255) NOT NULL,             -- their names, with a space between
  created_at BIGINT NOT NULL,
  expires_at BIGINT,
  revoked_at BIGINT
);
