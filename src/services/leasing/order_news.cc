#include "services/leasing/order_news.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <span>
#include <string_view>
#include <system_error>

#include "model/retention.h"

namespace stampede::services::leasing {
namespace {

/// Whether the cursors are behind the newest orders, or at them.
bool are_behind(std::span<const std::int64_t> cursors, std::span<const ShardEnd> newest) {
  return std::ranges::equal(cursors, newest, std::ranges::less_equal{}, {}, &ShardEnd::seq);
}

/// The orders of one shard up to a cursor, as a validator knows them. Their digest is unknown
/// before the first reply that reaches the newest order, to a validator of an earlier release, and
/// where the database has none.
class KnownOrders {
 public:
  KnownOrders(std::int64_t cursor, std::string_view words) : end_{.seq = cursor} {
    const auto [rest, error] =
        std::from_chars(words.data(), words.data() + words.size(), end_.digest);
    knows_digest_ = error == std::errc{} && rest == words.data() + words.size();
  }

  void add(const Order& order) { end_.add(order); }
  /// Whether they may be what the database has. From its newest order on the digest is known.
  bool agree_with(const ShardEnd& newest) {
    if (end_.seq != newest.seq) return true;
    const bool agree = !knows_digest_ || !newest.has_digest() || end_.digest == newest.digest;
    end_ = newest;
    knows_digest_ = newest.has_digest();
    return agree;
  }

  std::int64_t cursor() const { return end_.seq; }
  /// For Heartbeat::order_digests.
  std::string words() const { return knows_digest_ ? fmt::format("{}", end_.digest) : ""; }

 private:
  ShardEnd end_;
  bool knows_digest_ = false;
};

void start_over(peers::HeartbeatReply& reply) {
  reply.start_over = true;
  reply.more = false;
  reply.orders.clear();
  reply.cursors.clear();
  reply.order_digests.clear();
  reply.oldest_open = kNoneClosed;
}

}  // namespace

void add_orders(repositories::Orders& orders, const peers::Heartbeat& heartbeat,
                peers::HeartbeatReply& reply, Instant now, const LeaseTimes& times) {
  reply.cursors = heartbeat.cursors;
  reply.order_digests = heartbeat.order_digests;
  const auto newest = orders.newest();
  if (reply.cursors.empty()) {
    reply.cursors = orders.cursors_before_recent(now - kRetention);
    reply.order_digests.clear();
  } else if (!are_behind(reply.cursors, newest)) {
    return start_over(reply);
  }
  reply.order_digests.resize(reply.cursors.size());
  for (std::size_t shard = 0; shard < reply.cursors.size(); ++shard) {
    KnownOrders known(reply.cursors[shard], reply.order_digests[shard]);
    const auto found =
        orders.since(static_cast<std::int32_t>(shard), known.cursor(), times.orders_at_once);
    bool agree = known.agree_with(newest[shard]);
    for (const Order& order : found) {
      known.add(order);
      agree = agree && known.agree_with(newest[shard]);
    }
    if (!agree) return start_over(reply);
    reply.cursors[shard] = known.cursor();
    reply.order_digests[shard] = known.words();
    // Orders that the shard had a moment ago are gone: the database has just lost them.
    const bool fewer = known.cursor() < newest[shard].seq;
    reply.more = reply.more || fewer || found.size() == times.orders_at_once;
    reply.orders.insert(reply.orders.end(), found.begin(), found.end());
  }
}

}  // namespace stampede::services::leasing
