#include "repositories/sql/webhooks/webhooks.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "repositories/sql/webhooks/endpoint_rows.h"
#include "repositories/storage_error.h"

// What operators do with endpoints; what deliveries write is in deliveries.cc.
namespace stampede::repositories::sql {
namespace {

std::vector<WebhookEvent> to_events(std::int64_t id, std::string_view names) {
  std::vector<WebhookEvent> events;
  while (!names.empty()) {
    const auto name = names.substr(0, names.find(' '));
    names.remove_prefix(std::min(names.size(), name.size() + 1));
    const auto event = webhook_event_named(name);
    if (!event) {
      throw StorageError(StorageError::Kind::kOther,
                         fmt::format("table webhook_endpoints, row {}: events has \"{}\", which no "
                                     "stampede writes",
                                     id, name));
    }
    events.push_back(*event);
  }
  return events;
}

/// What a SELECT of kColumns fetches.
struct EndpointRow {
  static constexpr const char* kColumns =
      "id, url, secret, previous_secret, previous_until, events, revision, created_at, "
      "disabled_at, disabled_reason";
  std::int64_t id = 0, revision = 0, created_at = 0;
  std::string url, secret, previous_secret, events, disabled_reason;
  Nullable previous_until, disabled_at;

  void define(soci::statement& statement) {
    statement.exchange(soci::into(id));
    for (auto* text : {&url, &secret, &previous_secret}) statement.exchange(soci::into(*text));
    statement.exchange(into(previous_until));
    statement.exchange(soci::into(events));
    for (auto* number : {&revision, &created_at}) statement.exchange(soci::into(*number));
    statement.exchange(into(disabled_at));
    statement.exchange(soci::into(disabled_reason));
  }
  WebhookEndpoint endpoint() const {
    return {.id = {id},
            .url = url,
            .secret = secret,
            .previous_secret = previous_secret,
            .previous_until = previous_until.instant(),
            .events = to_events(id, events),
            .revision = revision,
            .created_at = to_instant(created_at),
            .disabled_at = disabled_at.instant(),
            .disabled_reason = disabled_reason};
  }
};

/// Whoever delivers to it begins again with what the database has.
void raise_revision_of(soci::session& session, WebhookId id) {
  session << "UPDATE webhook_endpoints SET revision = revision + 1 WHERE id = :id",
      soci::use(id.value);
}

/// So that two that are added at a time count each other; MariaDB locks the rows that it counts.
std::size_t count_webhooks(soci::session& session, const Dialect& dialect) {
  std::int64_t id = 0;
  soci::statement select =
      (session.prepare << fmt::format("SELECT id FROM webhook_endpoints{}", dialect.for_update()),
       soci::into(id));
  std::size_t count = 0;
  for (select.execute(); select.fetch();) ++count;
  return count;
}

}  // namespace

std::vector<WebhookEndpoint> select_webhooks(soci::session& session) {
  EndpointRow row;
  soci::statement select(session);
  row.define(select);
  prepare(select,
          fmt::format("SELECT {} FROM webhook_endpoints ORDER BY id", EndpointRow::kColumns));
  std::vector<WebhookEndpoint> endpoints;
  for (select.execute(); select.fetch();) endpoints.push_back(row.endpoint());
  return endpoints;
}

std::optional<WebhookEndpoint> select_webhook(soci::session& session, WebhookId id) {
  EndpointRow row;
  soci::statement select(session);
  select.exchange(soci::use(id.value));
  row.define(select);
  prepare(select,
          fmt::format("SELECT {} FROM webhook_endpoints WHERE id = :id", EndpointRow::kColumns));
  if (!fetch_one(select)) return std::nullopt;
  return row.endpoint();
}

std::optional<std::int64_t> lock_webhook(soci::session& session, const Dialect& dialect,
                                         WebhookId id) {
  std::int64_t revision = 0;
  session << fmt::format("SELECT revision FROM webhook_endpoints WHERE id = :id{}",
                         dialect.for_update()),
      soci::use(id.value), soci::into(revision);
  if (!session.got_data()) return std::nullopt;
  return revision;
}

std::optional<WebhookId> SqlWebhooks::add(const WebhookEndpoint& endpoint, std::size_t most) {
  const std::string events = names_of(endpoint.events);
  const auto created_at = to_column(endpoint.created_at);
  return database_.write([&](soci::session& session) -> std::optional<WebhookId> {
    if (count_webhooks(session, database_.dialect()) >= most) return std::nullopt;
    // Its first revision is a time, so that no endpoint that was removed had the same one.
    session << "INSERT INTO webhook_endpoints (url, secret, previous_secret, events, revision, "
               "created_at, disabled_reason) "
               "VALUES (:url, :secret, '', :events, :revision, :created_at, '')",
        soci::use(endpoint.url), soci::use(endpoint.secret), soci::use(events),
        soci::use(created_at), soci::use(created_at);
    long long last = 0;
    session.get_last_insert_id("webhook_endpoints", last);
    const WebhookId id{last};
    session << "INSERT INTO webhook_cursors (endpoint, shard, seq) "
               "SELECT :id, q.shard, q.last_seq FROM queue_shards q",
        soci::use(id.value);
    return id;
  });
}

std::vector<WebhookEndpoint> SqlWebhooks::list() { return database_.read(select_webhooks); }

std::optional<WebhookEndpoint> SqlWebhooks::find(WebhookId id) {
  return database_.read([&](soci::session& session) { return select_webhook(session, id); });
}

bool SqlWebhooks::remove(WebhookId id) {
  return database_.write([&](soci::session& session) {
    if (!lock_webhook(session, database_.dialect(), id)) return false;
    session << "DELETE FROM webhook_endpoints WHERE id = :id", soci::use(id.value);
    for (const char* table : {"webhook_cursors", "webhook_pending", "webhook_attempts"}) {
      session << fmt::format("DELETE FROM {} WHERE endpoint = :id", table), soci::use(id.value);
    }
    return true;
  });
}

bool SqlWebhooks::rotate(WebhookId id, const std::string& secret, Instant previous_until) {
  const auto until = to_column(previous_until);
  return database_.write([&](soci::session& session) {
    if (!lock_webhook(session, database_.dialect(), id)) return false;
    // MariaDB sets one column after the other.
    session << "UPDATE webhook_endpoints SET previous_secret = secret WHERE id = :id",
        soci::use(id.value);
    session << "UPDATE webhook_endpoints SET secret = :secret, previous_until = :until "
               "WHERE id = :id",
        soci::use(secret), soci::use(until), soci::use(id.value);
    raise_revision_of(session, id);
    return true;
  });
}

bool SqlWebhooks::enable(WebhookId id, Instant now) {
  const auto at = to_column(now);
  return database_.write([&](soci::session& session) {
    if (!lock_webhook(session, database_.dialect(), id)) return false;
    session << "UPDATE webhook_endpoints SET disabled_at = NULL, disabled_reason = '' "
               "WHERE id = :id",
        soci::use(id.value);
    session << "UPDATE webhook_pending SET attempts = 0, first_at = :at, next_at = :same "
               "WHERE endpoint = :id",
        soci::use(at), soci::use(at), soci::use(id.value);
    raise_revision_of(session, id);
    return true;
  });
}

bool SqlWebhooks::replay(WebhookId id, const std::vector<std::int64_t>& after) {
  return database_.write([&](soci::session& session) {
    if (!lock_webhook(session, database_.dialect(), id)) return false;
    for (std::size_t shard = 0; shard < after.size(); ++shard) {
      // What is pending behind it would be delivered twice.
      session << "DELETE FROM webhook_pending WHERE endpoint = :id AND shard = :shard "
                 "AND seq > :after",
          soci::use(id.value), soci::use(shard), soci::use(after[shard]);
      session << "UPDATE webhook_cursors SET seq = :after WHERE endpoint = :id "
                 "AND shard = :shard AND seq > :same",
          soci::use(after[shard]), soci::use(id.value), soci::use(shard), soci::use(after[shard]);
    }
    raise_revision_of(session, id);
    return true;
  });
}

}  // namespace stampede::repositories::sql
