-- Which orders a queue shard holds, told by one number: quantity control compares it with what a validator
-- has heard, and so notices a database that lost its last orders and wrote others in their places.
ALTER TABLE queue_shards ADD COLUMN digest BIGINT NOT NULL DEFAULT 0;
-- It counts up to here. Less than last_seq: a release wrote orders that counts none, as before this one.
ALTER TABLE queue_shards ADD COLUMN digest_seq BIGINT NOT NULL DEFAULT 0;
