#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "repositories/orders/order_history.h"
#include "repositories/storage_error.h"
#include "repositories/webhooks/webhooks.h"

namespace stampede::test_support {

[[noreturn]] inline void throw_away() {
  throw repositories::StorageError(repositories::StorageError::Kind::kUnreachable, "away");
}

/// A history of one queue shard: an order of each seq from 1 on.
class FakeOrderHistory final : public repositories::OrderHistory {
 public:
  std::vector<std::int64_t> ends() override { return {end}; }
  repositories::HistoryPage since(std::int32_t, std::int64_t after, std::size_t most) override {
    const std::int64_t to = std::min(end, after + static_cast<std::int64_t>(most));
    repositories::HistoryPage page{.entries = {}, .up_to = to};
    for (std::int64_t seq = after + 1; seq <= to; ++seq) page.entries.push_back(entry(seq));
    return page;
  }
  std::optional<repositories::HistoryEntry> find(std::int32_t, std::int64_t seq) override {
    if (away) throw_away();
    if (seq > end) return std::nullopt;
    return entry(seq);
  }

  std::int64_t end = 0;
  bool away = false;  // nothing can be looked up

 private:
  static repositories::HistoryEntry entry(std::int64_t seq) {
    return {.order = {.number = {seq},
                      .sale = {1},
                      .buyer = {seq},
                      .intent = *IdempotencyKey::parse("intent-0000000000000001"),
                      .slot = 1,
                      .lease = {1},
                      .seq = seq,
                      .created_at = {}},
            .product = {1},
            .price_cents = 100};
  }
};

/// The webhooks of a test, of a shop with one queue shard. For one thread at a time.
class FakeWebhooks final : public repositories::Webhooks {
 public:
  explicit FakeWebhooks(FakeOrderHistory& history) : history_(history) {}

  std::optional<WebhookId> add(const WebhookEndpoint& endpoint, std::size_t most) override {
    if (endpoints.size() >= most) return std::nullopt;
    const WebhookId id{++last_};
    endpoints[id] = endpoint;
    endpoints[id].id = id;
    endpoints[id].revision = 1;
    progresses[id] = {.revision = 1, .cursors = history_.ends(), .pending = {}};
    return id;
  }
  std::vector<WebhookEndpoint> list() override {
    std::vector<WebhookEndpoint> all;
    for (const auto& [_, endpoint] : endpoints) all.push_back(endpoint);
    return all;
  }
  std::optional<WebhookEndpoint> find(WebhookId id) override {
    const auto found = endpoints.find(id);
    return found == endpoints.end() ? std::nullopt : std::optional(found->second);
  }
  bool remove(WebhookId id) override { return endpoints.erase(id) != 0; }
  bool rotate(WebhookId id, const std::string& secret, Instant previous_until) override {
    return change(id, [&](WebhookEndpoint& endpoint) {
      endpoint.previous_secret = std::exchange(endpoint.secret, secret);
      endpoint.previous_until = previous_until;
    });
  }
  bool enable(WebhookId id, Instant now) override {
    return change(id, [&](WebhookEndpoint& endpoint) {
      endpoint.disabled_at.reset();
      endpoint.disabled_reason.clear();
      for (PendingWebhook& each : progresses[id].pending) {
        each.attempts = 0;
        each.first_at = each.next_at = now;
      }
    });
  }
  bool replay(WebhookId id, const std::vector<std::int64_t>& after) override {
    return change(id, [&](WebhookEndpoint&) {
      auto& cursor = progresses[id].cursors[0];
      cursor = std::min(cursor, after[0]);
      std::erase_if(progresses[id].pending,
                    [&](const auto& each) { return each.place.seq > after[0]; });
    });
  }
  std::optional<repositories::WebhookProgress> progress(WebhookId id) override {
    if (!endpoints.contains(id)) return std::nullopt;
    return progresses[id];
  }
  bool record(WebhookId id, const repositories::WebhookRecord& record) override {
    ++records;
    if (away) throw_away();
    auto& known = progresses[id];
    if (!endpoints.contains(id) || record.revision != known.revision) return false;
    for (const auto& moved : record.moved) {
      if (known.cursors[0] != moved.from) return false;
      known.cursors[0] = moved.to;
    }
    const auto forget = [&](WebhookPlace place) {
      std::erase_if(known.pending, [&](const auto& each) { return each.place == place; });
    };
    for (const WebhookPlace& place : record.done) forget(place);
    for (const PendingWebhook& pending : record.pending) {
      forget(pending.place);
      known.pending.push_back(pending);
    }
    if (record.acknowledged_at) known.acknowledged_at = record.acknowledged_at;
    attempts.insert(attempts.end(), record.attempts.begin(), record.attempts.end());
    if (record.disabled) {
      endpoints[id].disabled_at = record.at;
      endpoints[id].disabled_reason = *record.disabled;
    }
    return true;
  }
  std::vector<WebhookAttempt> log(WebhookId, std::int64_t, std::size_t most) override {
    std::vector<WebhookAttempt> newest(attempts.rbegin(), attempts.rend());
    if (newest.size() > most) newest.resize(most);
    return newest;
  }

  std::map<WebhookId, WebhookEndpoint> endpoints;
  std::map<WebhookId, repositories::WebhookProgress> progresses;
  std::vector<WebhookAttempt> attempts;
  bool away = false;  // nothing can be recorded
  int records = 0;    // that were asked for

 private:
  template <class Change>
  bool change(WebhookId id, Change make) {
    const auto found = endpoints.find(id);
    if (found == endpoints.end()) return false;
    make(found->second);
    progresses[id].revision = ++found->second.revision;
    return true;
  }

  FakeOrderHistory& history_;
  std::int64_t last_ = 0;
};

}  // namespace stampede::test_support
