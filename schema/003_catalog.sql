-- What a merchant shows of a product.

ALTER TABLE products ADD COLUMN list_price_cents BIGINT;  -- what it costs elsewhere; none: not said

CREATE TABLE pictures (
  id INTEGER PRIMARY KEY,
  product BIGINT NOT NULL,
  name VARCHAR(40) NOT NULL,                -- of the content: the same bytes, the same name
  width BIGINT NOT NULL,
  height BIGINT NOT NULL,
  bytes BIGINT NOT NULL,
  alt VARCHAR(200) NOT NULL,
  created_at BIGINT NOT NULL,
  CONSTRAINT pictures_by_product UNIQUE (product, name)
);
CREATE INDEX pictures_by_name ON pictures (name);

-- A table of its own, so that a list of pictures does not read them.
CREATE TABLE picture_contents (
  picture BIGINT NOT NULL PRIMARY KEY,
  base64 LONGTEXT NOT NULL
);
