-- A picture is encoded anew when it comes, in several sizes and formats. The row of `pictures` is the
-- largest JPEG; these are the others. A picture from before has none, and is served as it was.

CREATE TABLE picture_versions (
  id INTEGER PRIMARY KEY,
  picture BIGINT NOT NULL,
  name VARCHAR(40) NOT NULL,                -- of the content, as in `pictures`
  width BIGINT NOT NULL,
  height BIGINT NOT NULL,
  bytes BIGINT NOT NULL
);
CREATE INDEX picture_versions_by_picture ON picture_versions (picture);
CREATE INDEX picture_versions_by_name ON picture_versions (name);

-- A table of its own, so that a list of pictures does not read them.
CREATE TABLE picture_version_contents (
  version BIGINT NOT NULL PRIMARY KEY,
  base64 LONGTEXT NOT NULL
);
