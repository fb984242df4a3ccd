-- Which orders a queue shard holds, told by one number: a validator that compares it with its own notices
-- a database that lost its last orders and wrote others in their places. From 0 on, whatever there is.
ALTER TABLE queue_shards ADD COLUMN digest BIGINT NOT NULL DEFAULT 0;
