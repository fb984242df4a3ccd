#include "services/leasing/order_news.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <span>

#include "model/retention.h"

namespace stampede::services::leasing {
namespace {

/// Whether the cursors are behind the newest orders, or at them.
bool are_behind(std::span<const std::int64_t> cursors, std::span<const std::int64_t> newest) {
  return cursors.size() == newest.size() &&
         std::ranges::equal(cursors, newest, std::ranges::less_equal{});
}

/// Also what became of it: of a purchase that the database has lost, the message may come again,
/// and may fail now at the same place.
std::string words_of(const Order& order) {
  return fmt::format("{}/{}/{}", order.buyer.value, order.intent.text(),
                     static_cast<int>(order.reason));
}

/// The orders of one shard behind a cursor; nullopt if another order than `last` is at it.
std::optional<std::vector<Order>> orders_behind(repositories::Orders& orders, std::size_t shard,
                                                std::int64_t cursor, const std::string& last,
                                                std::size_t most) {
  const auto number = static_cast<std::int32_t>(shard);
  if (last.empty() || cursor < 1) return orders.since(number, cursor, most);
  auto found = orders.since(number, cursor - 1, most + 1);
  const bool there = !found.empty() && found.front().seq == cursor;
  if (!there || words_of(found.front()) != last) return std::nullopt;
  found.erase(found.begin());
  return found;
}

void start_over(peers::HeartbeatReply& reply) {
  reply.start_over = true;
  reply.more = false;
  reply.orders.clear();
  reply.cursors.clear();
  reply.last_orders.clear();
  reply.oldest_open = kNoneClosed;
}

}  // namespace

void add_orders(repositories::Orders& orders, const peers::Heartbeat& heartbeat,
                peers::HeartbeatReply& reply, Instant now, const LeaseTimes& times) {
  reply.cursors = heartbeat.cursors;
  reply.last_orders = heartbeat.last_orders;
  if (reply.cursors.empty()) {
    reply.cursors = orders.cursors_before_recent(now - kRetention);
    reply.last_orders.clear();
  } else if (!are_behind(reply.cursors, orders.newest())) {
    return start_over(reply);
  }
  reply.last_orders.resize(reply.cursors.size());
  for (std::size_t shard = 0; shard < reply.cursors.size(); ++shard) {
    auto& cursor = reply.cursors[shard];
    auto& last = reply.last_orders[shard];
    const auto found = orders_behind(orders, shard, cursor, last, times.orders_at_once);
    if (!found) return start_over(reply);
    if (found->empty()) continue;
    cursor = found->back().seq;
    last = words_of(found->back());
    reply.more = reply.more || found->size() == times.orders_at_once;
    reply.orders.insert(reply.orders.end(), found->begin(), found->end());
  }
}

}  // namespace stampede::services::leasing
