#include "services/leasing/order_news.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "model/retention.h"

namespace stampede::services::leasing {
namespace {

/// Reads a number that begins `text`, and moves `text` behind it.
std::optional<std::int64_t> take_number(std::string_view& text) {
  std::int64_t number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
  return number;
}

/// The orders of one shard up to a cursor, as a validator knows them, and their digest where it is
/// known: at the cursor, or further on, where the shard ended when the validator began to read.
/// It is unknown to a validator of an earlier release, and where the database has none.
class KnownOrders {
 public:
  /// Of a validator that has read nothing yet.
  KnownOrders(std::int64_t cursor, const ShardEnd& newest) : cursor_(cursor) { know(newest); }
  /// By what Heartbeat::order_digests says: "digest", or "digest@seq" beyond the cursor.
  KnownOrders(std::int64_t cursor, std::string_view words) : cursor_(cursor) {
    const auto digest = take_number(words);
    if (!digest) return;
    std::optional<std::int64_t> seq = cursor;
    if (words.starts_with('@')) {
      words.remove_prefix(1);
      seq = take_number(words);
    }
    if (!words.empty() || !seq || *seq < cursor) return;
    digest_ = ShardEnd{.seq = *seq, .digest = *digest, .digest_seq = *seq};
  }

  /// Whether the shard has as many orders as it had.
  bool within(const ShardEnd& newest) const {
    return cursor_ <= newest.seq && (!digest_ || digest_->seq <= newest.seq);
  }
  void add(const Order& order) {
    cursor_ = order.seq;
    if (digest_ && digest_->seq < cursor_) digest_->add(order);
  }
  /// Whether they may be what the database has. At its newest order the digest is known.
  bool agree_with(const ShardEnd& newest) {
    if (cursor_ != newest.seq) return true;
    const bool agree = !digest_ || !newest.has_digest() || digest_->digest == newest.digest;
    know(newest);
    return agree;
  }

  std::int64_t cursor() const { return cursor_; }
  /// For Heartbeat::order_digests.
  std::string words() const {
    if (!digest_) return "";
    if (digest_->seq == cursor_) return fmt::format("{}", digest_->digest);
    return fmt::format("{}@{}", digest_->digest, digest_->seq);
  }

 private:
  void know(const ShardEnd& newest) {
    digest_.reset();
    if (newest.has_digest()) digest_ = newest;
  }

  std::int64_t cursor_;
  std::optional<ShardEnd> digest_;
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
  const bool begins = heartbeat.cursors.empty();
  reply.cursors = begins ? orders.cursors_before_recent(now - kRetention) : heartbeat.cursors;
  reply.order_digests = heartbeat.order_digests;
  const auto newest = orders.newest();
  if (reply.cursors.size() != newest.size()) return start_over(reply);
  reply.order_digests.resize(reply.cursors.size());
  for (std::size_t shard = 0; shard < reply.cursors.size(); ++shard) {
    KnownOrders known = begins ? KnownOrders(reply.cursors[shard], newest[shard])
                               : KnownOrders(reply.cursors[shard], reply.order_digests[shard]);
    if (!known.within(newest[shard])) return start_over(reply);
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
