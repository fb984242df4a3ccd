#include <fmt/format.h>

#include <iterator>
#include <string>

#include "repositories/sql/webhooks/endpoint_rows.h"
#include "repositories/sql/webhooks/webhooks.h"

// What deliveries read and write.
namespace stampede::repositories::sql {
namespace {

/// A queue shard that is newer than the endpoint begins at its beginning.
void add_missing_cursors(soci::session& session, WebhookId id) {
  session << "INSERT INTO webhook_cursors (endpoint, shard, seq) "
             "SELECT :id, q.shard, 0 FROM queue_shards q LEFT JOIN webhook_cursors c "
             "ON c.endpoint = :same AND c.shard = q.shard WHERE c.seq IS NULL",
      soci::use(id.value), soci::use(id.value);
}

std::vector<std::int64_t> select_cursors(soci::session& session, WebhookId id) {
  std::int64_t seq = 0;
  soci::statement select =
      (session.prepare << "SELECT seq FROM webhook_cursors WHERE endpoint = :id ORDER BY shard",
       soci::use(id.value), soci::into(seq));
  std::vector<std::int64_t> cursors;
  for (select.execute(); select.fetch();) cursors.push_back(seq);
  return cursors;
}

std::vector<PendingWebhook> select_pending(soci::session& session, WebhookId id) {
  PendingWebhook row;
  std::int64_t first_at = 0;
  std::int64_t next_at = 0;
  soci::statement select =
      (session.prepare << "SELECT shard, seq, attempts, first_at, next_at FROM webhook_pending "
                          "WHERE endpoint = :id ORDER BY shard, seq",
       soci::use(id.value), soci::into(row.place.shard), soci::into(row.place.seq),
       soci::into(row.attempts), soci::into(first_at), soci::into(next_at));
  std::vector<PendingWebhook> pending;
  for (select.execute(); select.fetch();) {
    row.first_at = to_instant(first_at);
    row.next_at = to_instant(next_at);
    pending.push_back(row);
  }
  return pending;
}

std::optional<Instant> select_acknowledged_at(soci::session& session, WebhookId id) {
  Nullable at;
  soci::statement select(session);
  select.exchange(soci::use(id.value));
  select.exchange(into(at));
  prepare(select, "SELECT acknowledged_at FROM webhook_endpoints WHERE id = :id");
  fetch_one(select);
  return at.instant();
}

void write_acknowledged_at(soci::session& session, WebhookId id, Instant acknowledged_at) {
  const auto at = to_column(acknowledged_at);
  session << "UPDATE webhook_endpoints SET acknowledged_at = :at WHERE id = :id", soci::use(at),
      soci::use(id.value);
}

/// False: the cursor is not where the record begins.
bool move(soci::session& session, WebhookId id, const WebhookRecord::Moved& moved) {
  soci::statement update =
      (session.prepare << "UPDATE webhook_cursors SET seq = :to WHERE endpoint = :id "
                          "AND shard = :shard AND seq = :from",
       soci::use(moved.to), soci::use(id.value), soci::use(moved.shard), soci::use(moved.from));
  update.execute(true);
  return update.get_affected_rows() == 1;
}

void write_pending(soci::session& session, WebhookId id, const WebhookRecord& record) {
  for (const WebhookPlace& place : record.done) {
    session << "DELETE FROM webhook_pending WHERE endpoint = :id AND shard = :shard AND seq = :seq",
        soci::use(id.value), soci::use(place.shard), soci::use(place.seq);
  }
  for (const PendingWebhook& pending : record.pending) {
    const auto first_at = to_column(pending.first_at);
    const auto next_at = to_column(pending.next_at);
    session << "REPLACE INTO webhook_pending (endpoint, shard, seq, attempts, first_at, next_at) "
               "VALUES (:id, :shard, :seq, :attempts, :first_at, :next_at)",
        soci::use(id.value), soci::use(pending.place.shard), soci::use(pending.place.seq),
        soci::use(pending.attempts), soci::use(first_at), soci::use(next_at);
  }
}

/// In one statement: there may be thousands. A failure is one of the names of web_requests, and
/// nothing in it is anybody's text.
void insert_attempts(soci::session& session, WebhookId id,
                     const std::vector<WebhookAttempt>& attempts) {
  if (attempts.empty()) return;
  fmt::memory_buffer text;
  const auto out = std::back_inserter(text);
  fmt::format_to(out,
                 "INSERT INTO webhook_attempts (endpoint, shard, seq, attempted_at, status, "
                 "failure, duration_ms) VALUES ");
  for (const WebhookAttempt& attempt : attempts) {
    if (&attempt != attempts.data()) text.push_back(',');
    fmt::format_to(out, "({},{},{},{},{},'{}',{})", id.value, attempt.place.shard,
                   attempt.place.seq, to_column(attempt.at), attempt.status, attempt.failure,
                   attempt.duration.count());
  }
  session << fmt::to_string(text);
}

/// It counts thousands of rows: not with each write.
void prune_attempts(soci::session& session, WebhookId id) {
  std::int64_t last_gone = 0;
  session << "SELECT id FROM webhook_attempts WHERE endpoint = :id ORDER BY id DESC "
             "LIMIT 1 OFFSET :kept",
      soci::use(id.value), soci::use(Webhooks::kAttemptsKept), soci::into(last_gone);
  if (!session.got_data()) return;
  session << "DELETE FROM webhook_attempts WHERE endpoint = :id AND id <= :last",
      soci::use(id.value), soci::use(last_gone);
}

void disable(soci::session& session, WebhookId id, const std::string& reason, Instant at) {
  const auto disabled_at = to_column(at);
  session << "UPDATE webhook_endpoints SET disabled_at = :at, disabled_reason = :reason "
             "WHERE id = :id AND disabled_at IS NULL",
      soci::use(disabled_at), soci::use(reason), soci::use(id.value);
}

}  // namespace

std::optional<WebhookProgress> SqlWebhooks::progress(WebhookId id) {
  return database_.write([&](soci::session& session) -> std::optional<WebhookProgress> {
    const auto revision = lock_webhook(session, database_.dialect(), id);
    if (!revision) return std::nullopt;
    add_missing_cursors(session, id);
    return WebhookProgress{.revision = *revision,
                           .cursors = select_cursors(session, id),
                           .pending = select_pending(session, id),
                           .acknowledged_at = select_acknowledged_at(session, id)};
  });
}

bool SqlWebhooks::record(WebhookId id, const WebhookRecord& record) {
  const std::size_t written = record.attempts.size();
  const bool prunes = written != 0 && attempts_since_pruned(id) + written >= kPruneAfter;
  Transaction transaction(database_, Access::kWrite);
  const bool as_expected = transaction.run([&](soci::session& session) {
    if (lock_webhook(session, database_.dialect(), id) != record.revision) return false;
    for (const auto& moved : record.moved) {
      if (!move(session, id, moved)) return false;
    }
    write_pending(session, id, record);
    insert_attempts(session, id, record.attempts);
    if (prunes) prune_attempts(session, id);
    if (record.acknowledged_at) write_acknowledged_at(session, id, *record.acknowledged_at);
    if (record.disabled) disable(session, id, *record.disabled, record.at);
    return true;
  });
  if (!as_expected) return false;
  transaction.commit();
  count_attempts(id, written, prunes);
  return true;
}

/// Of an earlier process nobody knows.
std::size_t SqlWebhooks::attempts_since_pruned(WebhookId id) {
  const concurrency::MutexLock lock(mutex_);
  return unpruned_.try_emplace(id, kPruneAfter).first->second;
}

void SqlWebhooks::count_attempts(WebhookId id, std::size_t written, bool pruned) {
  const concurrency::MutexLock lock(mutex_);
  auto& count = unpruned_[id];
  count = pruned ? 0 : count + written;
}

std::vector<WebhookAttempt> SqlWebhooks::log(WebhookId id, std::int64_t before, std::size_t most) {
  const std::int64_t end = before == 0 ? kLastId : before;
  return database_.read([&](soci::session& session) {
    WebhookAttempt row;
    std::int64_t at = 0;
    std::int64_t duration = 0;
    soci::statement select =
        (session.prepare << "SELECT id, shard, seq, attempted_at, status, failure, duration_ms "
                            "FROM webhook_attempts WHERE endpoint = :id AND id < :before "
                            "ORDER BY id DESC LIMIT :most",
         soci::use(id.value), soci::use(end), soci::use(most), soci::into(row.id),
         soci::into(row.place.shard), soci::into(row.place.seq), soci::into(at),
         soci::into(row.status), soci::into(row.failure), soci::into(duration));
    std::vector<WebhookAttempt> attempts;
    for (select.execute(); select.fetch();) {
      row.at = to_instant(at);
      row.duration = std::chrono::milliseconds{duration};
      attempts.push_back(row);
    }
    return attempts;
  });
}

}  // namespace stampede::repositories::sql
